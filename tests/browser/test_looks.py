"""No page is left unseen: each address that shows something is looked at somewhere in these tests, or says why not."""

import re
from pathlib import Path

import newsroom
import pytest
from django.urls import URLPattern, reverse

from dispatch.accounts import urls as accounts_urls
from dispatch.api import urls as api_urls
from dispatch.desk import urls as desk_urls
from dispatch.operations import urls as operations_urls
from dispatch.social import connecting

HERE = Path(__file__).parent
SEEN = {
    "home": "home",
    "stories": "stories",
    "story": "story",
    "story_changes": "story-changes",
    "story_feedback": "story-feedback",
    "composer": "composer-",
    "calendar": "calendar-",
    "calendar_post": "calendar-post",
    "calendar_new": "calendar-new",
    "bulk": "bulk",
    "newsletters": "newsletters",
    "newsletter": "newsletter",
    "edition_page": "edition",
    "send_missing": "missing",
    "channels": "channels",
    "channel_page": "channel",
    "connect": "connect",
    "connect_way": "connect-way",
    "connect_choose": "connect-choose",
    "late_posts": "late",
    "unknown_posts": "unknown",
    "exports": "exports",
    "telling": "telling",
    "people": "people",
    "lost_factor": "lost-factor",
    "lost_factor_stop": "lost-factor-stop",
    "audit_log": "audit",
    "queue": "queue",
    "items": "items",
    "item": "item",
    "flow": "flow",
    "crew": "workers",
    "reader": "reader",
    "relays": "relays",
    "domains": "domains",
    "health": "health",
    "account_own": "account",
    "account_password": "password",
    "account_login": "sign-in",
    "account_logout": "sign-out",
    "sign_in_link": "sign-in-link",
    "mfa_index": "factors",
    "mfa_authenticate": "factors-asked",
    "mfa_activate_totp": "factors-app",
    "mfa_add_webauthn": "factors-passkey",
    "mfa_view_recovery_codes": "factors-recovery",
    "mfa_reauthenticate": "factors-again",
    "mfa_reauthenticate_webauthn": "factors-again-passkey",
    "mfa_generate_recovery_codes": "factors-renew",
    "mfa_remove_webauthn": "factors-remove",
    "tokens": "tokens",
    "webhooks_out": "webhooks",
    "webhook_out": "webhook-log",
    "api_docs": "api-reference",
}
"""The name of an address, and of a picture of its page; one that ends in "-" begins the names of several."""
UNSEEN = {
    "metrics": "for Prometheus",
    "bulk_template": "a file",
    "connect_program": "for programs",
    "connect_back": "leads on",
    "reconnect": "the page connect_way, with other words",
    "post_thread": "a part of the composer, seen there",
    "picture": "a picture",
    "article_picture": "a picture",
    "flow_json": "for programs",
    "health_json": "for programs",
    "live": "for programs",
    "events": "a stream",
    "mfa_list_webauthn": "the page mfa_index under another name",
    "mfa_deactivate_totp": "the page mfa_remove_webauthn, with other words",
    "account_reauthenticate": "the password's half of mfa_reauthenticate, for who has no second factor",
    "api_problem": "leads on",
}


def pages(client):
    """The names of all addresses that answer a GET."""
    for module in (desk_urls, operations_urls, accounts_urls, api_urls):
        for one in module.urlpatterns:
            if isinstance(one, URLPattern) and one.name:
                wanted = one.pattern.converters
                known = {name: 1 if "Int" in type(to).__name__ else "x" for name, to in wanted.items()}
                if one.name == "events" or client.get(reverse(one.name, kwargs=known)).status_code != 405:
                    yield one.name


def looks():
    """The names that visitor.look gives to pictures in these tests; an f-string's up to its first blank."""
    for path in HERE.glob("test_*.py"):
        yield from re.findall(r'\.look\(\s*f?"([^"{]+)', path.read_text())


@pytest.mark.django_db
def test_every_page_is_looked_at_or_says_why_not(client):
    newsroom.signed_in(client, "administrator")
    assert sorted(set(pages(client)) ^ (set(SEEN) | set(UNSEEN))) == []


def test_each_picture_is_taken_somewhere():
    assert sorted(set(SEEN.values()) - set(looks())) == []


@pytest.mark.browser
def test_signing_out_is_asked_about_by_a_page_of_the_desk(visitor, alice, page):
    visitor.look("sign-out", "/account/logout/")
    page.get_by_role("button", name="Sign out here").click()
    page.wait_for_url("**/account/login/**")


@pytest.mark.browser
def test_one_of_several_accounts_is_chosen(visitor, alice):
    (session,) = (one["value"] for one in visitor.context.cookies() if one["name"].endswith("sessionid"))
    who = connecting.Visitor(alice, session)
    found = [{"account": "Office"}, {"account": "Кніжная крама"}]
    connecting._keep("choice facebook", "several", {"wish": {}, "found": found}, who)
    visitor.look("connect-choose", "/channels/connect/facebook/choose/several")


@pytest.mark.browser
def test_rooms_stand_in_groups_and_say_where_one_is(visitor, page):
    visitor.sign_in(newsroom.person("administrator"))
    rooms = page.get_by_role("navigation", name="Rooms")
    groups = rooms.get_by_role("list")
    assert [one.get_attribute("aria-label") for one in groups.all()] == ["The desk", "Operations", "The demo"]
    for path, room in {"/posts/late": "Home", "/operations/relays/": "Health", "/telling/": "Telling"}.items():
        page.goto(path)
        assert rooms.locator("[aria-current]").inner_text() == room
