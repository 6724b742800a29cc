"""What doors ask networks for is what their modules need, no more and no less, and what the documentation names."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from dispatch.local.networks import granting
from dispatch.social import doors, programs

DOCS = Path(__file__).parents[2] / "docs"
BACK = "http://dispatch.test/channels/connect/back/{}"
NEEDED = {
    # docs.joinmastodon.org/methods: accounts, media, statuses
    ("mastodon", "oauth"): {
        "verify_credentials": "read:accounts",
        "account_statuses, status (find, count)": "read:statuses",
        "status_post, status_update, status_delete": "write:statuses",
        "media_post, media": "write:media",
    },
    # atproto.com/guides/scopes, “transition scopes”
    ("bluesky", "oauth"): {"getSession": "atproto", "putRecord, deleteRecord, uploadBlob": "transition:generic"},
    # docs.x.com/resources/fundamentals/authentication/guides/v2-authentication-mapping
    ("x", "oauth"): {
        "GET /2/tweets/:id, GET /2/users/:id/tweets": "tweet.read users.read",
        "POST and DELETE /2/tweets": "tweet.read tweet.write users.read",
        "POST /2/media/upload, /2/media/metadata": "media.write",
        "a refresh token": "offline.access",
    },
    # developers.facebook.com/docs/pages-api: manage-pages, posts, comments-mentions
    ("facebook", "oauth"): {
        "GET /me/accounts": "pages_show_list",
        "POST /{page}/feed, /{page}/photos, /{post}, DELETE /{post}": "pages_manage_posts",
        "POST /{post}/comments": "pages_manage_engagement pages_read_engagement",
        "GET /{page}/feed, /{post}/comments": "pages_read_engagement",
    },
    # developers.facebook.com/docs/instagram-platform: content-publishing, …/reference/ig-media/comments
    ("instagram", "oauth"): {
        "GET /me, /{media}": "instagram_business_basic",
        "POST /{user}/media, /{user}/media_publish": "instagram_business_content_publish",
        "POST and GET /{media}/comments": "instagram_business_manage_comments",
    },
    # developers.facebook.com/docs/threads/reference, /insights
    ("threads", "oauth"): {
        "GET /me": "threads_basic",
        "POST /{user}/threads, /{user}/threads_publish": "threads_content_publish",
        "the same, with reply_to_id": "threads_manage_replies",
        "GET /{post}/replies": "threads_read_replies",
        "DELETE /{post}": "threads_delete",
        "GET /{post}/insights": "threads_manage_insights",
    },
    # learn.microsoft.com/linkedin/marketing/community-management: shares, organizations
    ("linkedin", "page"): {
        "POST and DELETE /rest/posts, /rest/images": "w_organization_social",
        "GET /rest/posts?q=author": "r_organization_social",
        "POST and DELETE /rest/socialActions/…/comments": "w_organization_social_feed",
        "GET /rest/socialActions/…/comments": "r_organization_social_feed",
        "GET /rest/organizationAcls, /organizations, /organizationalEntityShareStatistics": "rw_organization_admin",
    },
    # learn.microsoft.com/linkedin/consumer/integrations/self-serve: sign-in-with-linkedin-v2, share-on-linkedin
    ("linkedin", "person"): {"GET /v2/userinfo": "openid profile", "POST and DELETE /rest/posts": "w_member_social"},
}
THROUGH_A_PROGRAM = [key for key in NEEDED if key[0] not in {"mastodon", "bluesky"}]


def asked(door):
    return re.split(r"[ ,]", door.way.scopes)


def test_every_door_that_asks_for_something_is_held_to_what_is_needed():
    assert {(door.way.network, door.way.name) for door in doors.offered() if door.way.scopes} == set(NEEDED)


@pytest.mark.parametrize("key", NEEDED, ids=" ".join)
def test_a_door_asks_for_what_its_networks_module_needs(key):
    needed = {scope for scopes in NEEDED[key].values() for scope in scopes.split()}
    scopes = asked(doors.get(*key))
    assert set(scopes) == needed
    assert len(scopes) == len(needed)


@pytest.mark.parametrize("key", NEEDED, ids=" ".join)
def test_the_documentation_names_what_a_door_asks_for(key):
    door = doors.get(*key)
    channels, networks = ((DOCS / name).read_text(encoding="utf-8") for name in ("channels.md", "networks.md"))
    ending = f"| `back/{door.way.network}` |"
    rows = [line for line in channels.splitlines() if ending in line]
    assert any(f"| `{door.way.scopes}` |" in row for row in rows), rows
    if door.way.network != "bluesky":  # for which that page has app passwords alone
        section = networks.partition("## Facebook")[2]
        assert [one for one in asked(door) if f"`{one}`" not in section] == []


@pytest.mark.django_db
@pytest.mark.parametrize("key", THROUGH_A_PROGRAM, ids=" ".join)
class TestAtItsNetwork:
    @pytest.fixture
    def address(self, standins, settings, key):
        """Where the door sends people, with a program of the right kind."""
        settings.FETCH_ALLOW = ["127.0.0.1"]
        door = doors.get(*key)
        place = f"http://127.0.0.1:{standins.server_port}/{key[0]}"
        mine = granting.SELF_SERVE if door.way.name == "person" else "id"
        programs.keep(door.way.place, programs.Program(place, mine, "secret"))
        return door.begin({}, BACK.format(key[0]), "a state").url

    def test_such_a_program_may_ask_for_that(self, address, key):
        (scope,) = parse_qs(urlsplit(address).query)["scope"]
        assert scope == doors.get(*key).way.scopes
        assert httpx.get(address).status_code == 200

    @pytest.mark.parametrize("more", ["r_organization_admin", "openid+pages_manage_posts"])
    def test_for_one_permission_too_many_the_network_refuses_all(self, address, key, more):
        wrong = address.replace("&scope=", f"&scope={more}%20")
        sent = parse_qs(urlsplit(httpx.get(f"{wrong}&answer=yes").headers["location"]).query)
        assert "code" not in sent
        assert sent["error"][0] == ("unauthorized_scope_error" if key[0] == "linkedin" else "invalid_scope")
