"""Mails that another system sent, before the newsletter came here: their links go on working, and tell nobody anything."""

import itertools
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from dispatch import cli
from dispatch.audience import letters, signing_up, tickets, tokens
from dispatch.audience.models import Letter, OldLink, Subscription, Wish

pytestmark = pytest.mark.django_db
ALICE = str(uuid.UUID(int=0xA11CE << 64))
CAMPAIGN = str(uuid.UUID(int=7))
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def alice(reader):
    return reader("alice@example.org", language="be")


@pytest.fixture
def moved_here(alice, csv_file, capsys):
    """From listmonk, with her UUID there."""
    file = csv_file(
        f"uuid,email,name,attributes,status,created_at,updated_at\n{ALICE},alice@example.org,A,{{}},enabled,,\nx,bob@example.org,,,,,\n"
    )
    assert cli.main(["redirect", "add", "listmonk", "--newsletter", "office"]) == 0
    assert cli.main(["redirect", "links", str(file), "--newsletter", "office"]) == 0
    assert "1 links known, 1 of people who do not read here" in capsys.readouterr().out
    return f"/subscription/{CAMPAIGN}/{ALICE}"


def ask_for_link(client, address):
    page = client.post("/settings/office", {"address": address, "lang": "be", "language": "be"}).content.decode()
    ticket = page.split('name="ticket" value="')[1].split('"')[0]
    proof = next(n for n in itertools.count() if tickets.is_proof(ticket, str(n)))
    answer = client.post("/subscribe/office/ask", {"ticket": ticket, "lang": "be", "proof": proof})
    signing_up.take()
    return answer.content


def test_an_old_link_shows_a_button_and_the_button_leaves(client, alice, moved_here):
    assert "Адпісацца ад рассылкі" in client.get(moved_here).content.decode()
    alice.refresh_from_db()
    assert alice.state == "active"
    assert "Гатова" in client.post(moved_here, {"act": "leave"}).content.decode()
    alice.refresh_from_db()
    assert alice.state == "left"


def test_the_mailboxs_own_button_works_on_an_old_mail(client, alice, moved_here):
    answer = client.post(moved_here, ONE_CLICK)
    assert (answer.status_code, answer.content) == (200, b"")
    alice.refresh_from_db()
    assert alice.state == "left"


def test_a_link_that_names_nobody_leads_to_a_page_that_mails_a_fresh_one(client, moved_here):
    answer = client.get(f"/subscription/{CAMPAIGN}/{uuid.UUID(int=1)}")
    assert (answer.status_code, answer["Location"]) == (302, "/settings/office")
    assert "Mail me the link" in client.get(answer["Location"]).content.decode()


def test_whole_links_are_known_too_whatever_their_shape(client, alice, csv_file):
    link = "https://old.example.org/out.php?u=12&h=ab%2Bc"
    file = csv_file(f"email,link\nalice@example.org,{link}\n")
    assert cli.main(["redirect", "add", "/out.php", "--newsletter", "office"]) == 0
    assert cli.main(["redirect", "links", str(file), "--newsletter", "office"]) == 0
    client.post("/out.php?u=12&h=ab%2Bc", ONE_CLICK)
    alice.refresh_from_db()
    assert alice.state == "left"
    assert client.get("/out.php?u=13&h=ab%2Bc").status_code == 302


def test_other_paths_are_still_nowhere(client, moved_here):
    assert client.get("/subscriptions").status_code == 404
    assert client.post("/nothing").status_code == 404


def test_of_an_old_link_only_a_keyed_hash_is_kept_and_it_goes_with_its_reader(alice, moved_here):
    assert ALICE not in str(list(OldLink.objects.values()))
    assert ALICE.replace("-", "") not in bytes(OldLink.objects.get().mark).hex()
    alice.subscriber.delete()
    assert not OldLink.objects.exists()


def test_redirects_are_listed_removed_and_refused_in_words(newsletter, csv_file, capsys):
    assert cli.main(["redirect", "add", "nowhere", "--newsletter", "office"]) == 1
    assert cli.main(["redirect", "add", "/*", "--newsletter", "office"]) == 1
    assert cli.main(["redirect", "add", "ghost", "--newsletter", "none"]) == 1
    assert cli.main(["redirect", "links", str(csv_file("email\na@example.org\n")), "--newsletter", "office"]) == 1
    assert "No column holds old links" in capsys.readouterr().err
    assert cli.main(["redirect", "add", "ghost", "--newsletter", "office"]) == 0
    assert cli.main(["redirect", "list"]) == 0
    assert "/unsubscribe/*\toffice\t0 links known" in capsys.readouterr().out
    assert (cli.main(["redirect", "remove", "ghost"]), cli.main(["redirect", "remove", "ghost"])) == (0, 1)


def test_a_reader_gets_a_link_to_their_preferences_and_a_stranger_one_to_nothing(client, alice):
    bodies = {ask_for_link(client, address) for address in ("alice@example.org", "stranger@example.org")}
    assert len(bodies) == 1
    theirs, nobodys = Letter.objects.order_by("pk")
    assert (theirs.kind, theirs.language) == (nobodys.kind, nobodys.language) == ("preferences", "be")
    opened = [
        client.get(f"/choose/{tokens.token(bytes(letter.handle))}").content.decode() for letter in (theirs, nobodys)
    ]
    assert ["Што вы атрымліваеце" in page for page in opened] == [True, False]
    assert not Wish.objects.exists()
    assert Subscription.objects.count() == 1


def test_nobody_can_flood_a_mailbox_with_such_links(client, alice):
    for day in range(5):
        with time_machine.travel(timezone.now() + timedelta(days=day, minutes=day)):
            ask_for_link(client, "alice@example.org")
            ask_for_link(client, "ALICE@example.org")
    assert Letter.objects.count() == 3
    assert not letters.may_write(bytes(alice.subscriber.address_index), Letter.Kind.CONFIRM)
    assert letters.may_write(bytes(alice.subscriber.address_index), Letter.Kind.PREFERENCES)


@pytest.mark.parametrize("typed", ["", "alice", "alice@"])
def test_what_is_plainly_no_address_is_told(client, newsletter, typed):
    answer = client.post("/settings/office", {"address": typed})
    assert answer.status_code == 422
    assert "This is not an address" in answer.content.decode()
