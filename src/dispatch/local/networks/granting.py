"""Which permissions a network lets a program ask for: those of the products that it may hold together, and no others."""

from collections.abc import Mapping

SELF_SERVE = "self-serve"
"""How the ids of LinkedIn's programs begin here that hold its two products without approval; all others are for pages."""
LINKEDIN_SELF_SERVE = {"openid", "profile", "email", "w_member_social"}
"""learn.microsoft.com/linkedin/shared/authentication/getting-access, "Open Permissions (Consumer)"."""
LINKEDIN_COMMUNITY = {
    "r_1st_connections_size",
    "r_basicprofile",
    "r_member_postAnalytics",
    "r_member_profileAnalytics",
    "r_organization_followers",
    "r_organization_social",
    "r_organization_social_feed",
    "rw_organization_admin",
    "w_member_social",
    "w_member_social_feed",
    "w_organization_social",
    "w_organization_social_feed",
}
"""Of the Community Management API, "the only product on the application" (LinkedIn's portal, as quoted in
github.com/gitroomhq/postiz-app/pull/2058 and …/1658; learn.microsoft.com/linkedin/marketing/increasing-access)."""
GRANTED: Mapping[str, set[str]] = {
    # docs.joinmastodon.org/api/oauth-scopes, of what concerns accounts, pictures and posts
    "mastodon": {"profile", "read", "write", "read:accounts", "read:statuses", "write:media", "write:statuses"},
    # docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code, of the same
    "x": {"tweet.read", "tweet.write", "users.read", "media.write", "like.read", "offline.access"},
    # developers.facebook.com/docs/permissions, of those about Pages
    "facebook": {
        "business_management",
        "pages_manage_engagement",
        "pages_manage_metadata",
        "pages_manage_posts",
        "pages_read_engagement",
        "pages_read_user_content",
        "pages_show_list",
    },
    # …/docs/instagram-platform/instagram-api-with-instagram-login/business-login
    "instagram": {
        "instagram_business_basic",
        "instagram_business_content_publish",
        "instagram_business_manage_comments",
        "instagram_business_manage_insights",
        "instagram_business_manage_messages",
    },
    # …/docs/threads/get-started/get-access-tokens-and-permissions
    "threads": {
        "threads_basic",
        "threads_content_publish",
        "threads_delete",
        "threads_manage_insights",
        "threads_manage_replies",
        "threads_read_replies",
    },
}


def refused(network: str, program: str, asked: str) -> dict[str, str]:
    """What is said of the first permission that this program (its id) may not ask for; empty: it may ask for all. A network
    refuses the whole for one (RFC 6749 section 4.1.2.1; LinkedIn has a word of its own)."""
    mine = _of_linkedin(program) if network == "linkedin" else GRANTED[network]
    wrong = next((one for one in asked.replace(",", " ").split() if one not in mine), None)
    if wrong is None:
        return {} if asked.strip() else {"error": "invalid_scope", "error_description": "No scope was asked for"}
    error = "unauthorized_scope_error" if network == "linkedin" else "invalid_scope"
    return {"error": error, "error_description": f'Scope "{wrong}" is not authorized for your application'}


def is_self_serve(program: str) -> bool:
    """Of LinkedIn's programs."""
    return program.startswith(SELF_SERVE)


def _of_linkedin(program: str) -> set[str]:
    return LINKEDIN_SELF_SERVE if is_self_serve(program) else LINKEDIN_COMMUNITY
