"""A reader gives an OpenPGP key, sees which, and takes it away again."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pysequoia import Tsk

from dispatch import openpgp
from dispatch.audience import keys, letters, preferences
from dispatch.audience.models import Letter

pytestmark = pytest.mark.django_db
OWNER = Tsk.generate(user_id="Alice <alice@example.org>")
PUBLIC = str(OWNER.extract_certificate())
FINGERPRINT = OWNER.extract_certificate().fingerprint.upper()


@pytest.fixture
def alice(reader):
    return reader("alice@example.org").subscriber


@pytest.fixture
def page(client, alice):
    """page(act="key", key="…") presses a button of Alice's preferences, and gives what is shown."""
    preferences.mail_link(alice.subscriptions.get())
    link = letters.link(Letter.objects.get()).removeprefix("http://dispatch.test")

    def shown(**fields):
        answer = client.post(link, fields) if fields else client.get(link)
        assert answer.status_code == 200
        alice.refresh_from_db()
        return answer.content.decode()

    return shown


def test_a_key_is_given_shown_and_taken_away(page, alice):
    assert 'name="key"' in page()
    given = page(act="key", key=PUBLIC)
    assert "Your next letter is encrypted" in given
    assert f"{FINGERPRINT[:4]} {FINGERPRINT[4:8]}" in given
    assert "BEGIN PGP" not in given
    assert bytes(alice.openpgp)
    gone = page(act="no_key")
    assert "no longer encrypted" in gone
    assert alice.openpgp is None


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("hello", "no OpenPGP public key"),
        (str(OWNER), "your private key"),
        ("x" * 40_000, "too large"),
        ("", "no OpenPGP"),
    ],
)
def test_what_cannot_be_used_is_told_and_not_kept(page, alice, pasted, words):
    shown = page(act="key", key=pasted)
    assert words in shown
    assert "PRIVATE" not in shown
    assert alice.openpgp is None


def test_other_choices_leave_the_key_alone(page, alice):
    page(act="key", key=PUBLIC)
    page(**{"act": "save", f"on-{alice.subscriptions.get().newsletter_id}": "on"})
    assert preferences.key(alice).fingerprint.replace(" ", "") == FINGERPRINT


def test_a_key_that_cannot_be_used_any_more_is_told_and_can_be_taken_away(page, alice, monkeypatch):
    page(act="key", key=PUBLIC)
    monkeypatch.setattr("pysequoia.encrypt", lambda **_: 1 / 0)
    shown = page()
    assert "no longer safe" in shown
    assert "Until then no letter comes" in shown
    page(act="no_key")
    assert alice.openpgp is None


@pytest.fixture
def alices_key(alice):
    """One that lives for so many days."""

    def given(days):
        own = Tsk.generate(user_id="Alice", validity_seconds=days * 86400) if days else OWNER
        preferences.encrypt_to(alice, openpgp.Key(str(own.extract_certificate())))

    return given


def test_whose_key_runs_out_is_told_once_a_month_and_finds_their_preferences(alice, alices_key, client):
    alices_key(13)
    assert keys.tell_owners() == 1
    (letter,) = Letter.objects.all()
    assert (letter.kind, letter.subscriber) == ("key", alice)
    assert FINGERPRINT not in client.get(letters.link(letter).removeprefix("http://dispatch.test")).content.decode()
    assert keys.tell_owners() == 0
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert keys.tell_owners() == 1


def test_others_are_not_told(alice, alices_key):
    assert keys.tell_owners() == 0
    alices_key(0)
    assert keys.tell_owners() == 0
    alices_key(15)
    assert keys.tell_owners() == 0
    alices_key(1)
    alice.subscriptions.update(state="left")
    assert keys.tell_owners() == 0
