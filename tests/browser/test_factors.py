"""Second factors in a browser: a passkey is set up, and asked for from then on."""

import newsroom
import pytest

from dispatch.accounts import signing_in

KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def here(visitor):
    """The same server by a name: browsers give no passkeys to a bare number."""
    visitor.base = visitor.base.replace("127.0.0.1", "localhost")
    devtools = visitor.context.new_cdp_session(visitor.page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    return visitor.base


def test_a_passkey_is_set_up_and_then_asked_for(visitor, page, here):
    alice = newsroom.person()
    page.goto(here + signing_in.link(alice))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Alice").click()
    visitor.look("factors-none")
    page.get_by_role("link", name="Set up an app").click()
    visitor.look("factors-app")
    page.go_back()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Its name").fill("office key")
    visitor.look("factors-passkey")
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    visitor.look("factors-recovery")
    page.get_by_role("link", name="I have them").click()
    page.get_by_role("link", name="Alice").click()
    page.get_by_role("link", name="Remove office key").wait_for()
    visitor.look("factors")
    page.get_by_role("button", name="Sign out").click()
    page.goto(here + signing_in.link(alice))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Your second factor").wait_for()
    visitor.look("factors-asked")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(here + "/")
    page.goto(here + "/account/factors/recovery/renew/")
    page.get_by_role("link", name="Use a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("heading", name="New recovery codes").wait_for()
    page.get_by_role("button", name="Make new ones").click()
    page.get_by_role("link", name="I have them").wait_for()
