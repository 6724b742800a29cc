"""People in a browser: a passkey is set up and asked for from then on; the pages of people, audit and one reader."""

import newsroom
import pytest

from dispatch import vault
from dispatch.accounts import audit, signing_in
from dispatch.delivery import approving

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
    page.get_by_role("link", name="Set up a passkey or an app").click()
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
    visitor.look("account")
    page.get_by_role("link", name="Choose one").click()
    page.get_by_role("heading", name="Choose a password").wait_for()
    visitor.look("password")
    page.get_by_role("link", name="Leave it").click()
    page.get_by_role("link", name="Your passkeys and codes").click()
    page.get_by_role("link", name="Remove office key").wait_for()
    visitor.look("factors")
    page.get_by_role("link", name="Remove office key").click()
    page.get_by_role("button", name="Remove").wait_for()
    visitor.look("factors-remove")
    page.get_by_role("button", name="Sign out").click()
    page.goto(here + signing_in.link(alice))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Your second factor").wait_for()
    visitor.look("factors-asked")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(here + "/")
    page.goto(here + "/account/factors/recovery/renew/")
    visitor.look("factors-again")
    page.get_by_role("link", name="Use a passkey").click()
    visitor.look("factors-again-passkey")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("heading", name="New recovery codes").wait_for()
    visitor.look("factors-renew")
    page.get_by_role("button", name="Make new ones").click()
    page.get_by_role("link", name="I have them").wait_for()


def test_people_audit_and_one_reader(visitor, page):
    alice = newsroom.person("administrator")
    bob = newsroom.person("editor", "Bob")
    audit.record(bob, "send.pause", "send:1", "a typo in the subject")
    office = newsroom.newsletter()
    newsroom.readers(office, en=1)
    visitor.sign_in(alice)
    visitor.look("people", "/people/")
    page.goto("/audit/")
    page.get_by_role("link", name="Check the chain").click()
    page.get_by_text("The chain holds").wait_for()
    visitor.look("audit")
    reader = office.subscriptions.get().subscriber
    address = vault.unseal(bytes(reader.address), f"subscriber:{reader.pk}:address")
    visitor.look("reader", "/operations/reader/")
    page.get_by_label("Address").fill(address)
    page.get_by_label("Why?").fill("she asked")
    page.get_by_role("button", name="Show what is kept").click()
    page.get_by_role("heading", name="Newsletters").wait_for()
    page.get_by_text("Forget this reader", exact=True).first.click()
    page.get_by_label("Why?").last.fill("she asked")
    page.get_by_role("button", name="Forget this reader").click()
    page.get_by_text("Forgotten. No mail").wait_for()


def test_a_send_that_waits_for_a_second_person(visitor, page, settings):
    settings.DELIVERY = settings.DELIVERY | {"approve_from": 2}
    office = newsroom.newsletter()
    newsroom.readers(office, en=4)
    edition = newsroom.edition(office, newsroom.story("en"))
    audit.record(newsroom.person("approver", "Bob"), "edition.send_now", f"edition:{edition.pk}", "news")
    approving.enlist(edition.pk)
    visitor.sign_in(newsroom.person("approver"))
    visitor.look("approval-home", "/")
    page.get_by_role("link", name="waits for a second person").click()
    page.get_by_text("Agree", exact=True).click()
    visitor.look("approval")
    page.get_by_label("Why?").first.fill("read it twice")
    page.get_by_role("button", name="Let it leave").click()
    page.get_by_text("It leaves now.").wait_for()
