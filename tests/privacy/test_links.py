"""Whatever opens a mail's links, a scanner with a browser and scripts included, changes nothing."""

import re
import subprocess
from email import message_from_bytes, policy

import newsroom
import pytest
from privacy import searching

from dispatch.audience import letters, preferences, signing_up, tickets
from dispatch.audience.models import Letter, Subscription
from dispatch.delivery import ledger
from dispatch.workers import email, upkeep

pytestmark = pytest.mark.django_db(transaction=True)
LINK = re.compile(r"http://dispatch\.test(/[^\s\"'<>)]*)")


@pytest.fixture
def opened(client, office, post):
    """Each of our addresses that any mail to one reader brings, by its kind."""
    signing_up.ask(tickets.Wanted(office.pk, "alice@example.org", "be"), b"n" * 16)
    upkeep.take_sign_ups()
    email.send_letter(Letter.objects.get().pk)
    client.post(paths(post.taken[-1])[0])
    send = ledger.enlist(newsroom.edition(office, newsroom.story("be")).pk)
    email.send_chunk(send.pk, 1)
    reader = Subscription.objects.get()
    preferences.mail_link(reader)
    for kind in (Letter.Kind.OLD_ADDRESS, Letter.Kind.NEW_ADDRESS):
        letters.write(kind, office, "be", "alice@example.org", subscriber=reader.subscriber)
    signing_up.ask(tickets.Wanted(office.pk, "bob@example.org", "be"), b"n" * 16)
    upkeep.take_sign_ups()
    for letter in Letter.objects.filter(state="waiting"):
        email.send_letter(letter.pk)
    return sorted({path for message in post.taken for path in paths(message)})


def paths(message):
    """Of our own links in any part of it, headers included."""
    parsed = message_from_bytes(message.whole(), policy=policy.default)
    texts = [part.get_content() for part in parsed.walk() if part.get_content_maintype() == "text"]
    return list(
        dict.fromkeys(LINK.findall("\n".join([*texts, parsed.get("List-Unsubscribe", "")]).replace("&amp;", "&")))
    )


@pytest.mark.promise("curl and Chromium open every link of every mail: no change")
def test_no_scanner_changes_anything(opened, server, chromium, promise):
    kinds = {path.split("/")[1] for path in opened}
    assert {"confirm", "leave", "preferences", "choose", "move"} <= kinds
    before = searching.database()
    for path in opened:
        asked = subprocess.run(
            ["curl", "-sSL", "-o", "/dev/null", "-w", "%{http_code}", server + path],
            capture_output=True,
            text=True,
            check=True,
        )
        assert asked.stdout == "200", path.split("/")[1]
    context = chromium.new_context()
    page = context.new_page()
    for path in opened:
        page.goto(server + path, wait_until="load")
        page.wait_for_timeout(200)  # what a script would do by itself, it would do now
    context.close()
    assert searching.database() == before
    promise(f"{len(opened)} links of {len(kinds)} kinds, twice each, no row changed")
