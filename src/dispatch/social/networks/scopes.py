"""What a network has to allow a program so that its module here can do all that it does; doors ask for exactly this.

Apart from those modules, since their libraries are loaded late."""

X = (
    "tweet.read",  # finding, counting and, beside the next two, posting
    "tweet.write",  # posts, edits, deletions
    "users.read",  # whose the token is; every call asks for it
    "media.write",  # pictures and what is said of them
    "offline.access",  # a token for further tokens
)
"""docs.x.com/resources/fundamentals/authentication/guides/v2-authentication-mapping, …/x-api/media/create-media-metadata."""
MASTODON = (
    "read:accounts",  # whose the token is
    "read:statuses",  # finding, counting
    "write:media",  # pictures, and asking whether they are ready
    "write:statuses",  # posts, replies, edits, deletions
)
"""docs.joinmastodon.org/api/oauth-scopes; each method's page names its own."""
BLUESKY = ("atproto", "transition:generic")
"""Records and blobs. Finer ones (`repo:`, `blob:`) are known to newer servers only (atproto.com/guides/scopes), and an
account's own server may be an older one."""
FACEBOOK = (
    "pages_show_list",  # which Pages somebody runs
    "pages_manage_posts",  # posts, photos, edits, deletions
    "pages_read_engagement",  # finding, counting
    "pages_manage_engagement",  # comments as the Page
)
"""developers.facebook.com/docs/pages-api: posts, comments-mentions, manage-pages."""
INSTAGRAM = (
    "instagram_business_basic",  # whose the token is, finding, counting
    "instagram_business_content_publish",  # containers and posts
    "instagram_business_manage_comments",  # the first comment
)
"""developers.facebook.com/docs/instagram-platform: content-publishing, instagram-graph-api/reference/ig-media/comments."""
THREADS = (
    "threads_basic",  # whose the token is, finding
    "threads_content_publish",  # containers and posts
    "threads_manage_replies",  # replies
    "threads_read_replies",  # finding replies
    "threads_delete",  # deletions
    "threads_manage_insights",  # counting
)
"""developers.facebook.com/docs/threads/get-started/get-access-tokens-and-permissions."""
LINKEDIN_PAGE = (
    "w_organization_social",  # posts, pictures, edits, deletions
    "r_organization_social",  # finding posts
    "w_organization_social_feed",  # comments
    "r_organization_social_feed",  # finding comments
    "rw_organization_admin",  # which pages somebody administers, their names, counting
)
"""learn.microsoft.com/linkedin/marketing/community-management: shares/posts-api, shares/comments-api, organizations/
organization-access-control-by-role, organizations/share-statistics."""
LINKEDIN_PERSON = (
    "openid",  # who signed in
    "profile",  # their name
    "w_member_social",  # posts and pictures as them
)
"""learn.microsoft.com/linkedin/shared/authentication/getting-access, "Open Permissions (Consumer)": what needs no approval.
Comments as a person would need `w_member_social_feed`, which comes with the Community Management API alone
(…/shares/comments-api)."""
