"""An old list whose readers are asked first: letters in turn, so many an hour, and nobody is subscribed without a yes."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from dispatch import vault
from dispatch.audience import importing, signing_up, tokens
from dispatch.audience.importing import Defaults
from dispatch.audience.models import Letter, Subscription, Suppression, Wish

pytestmark = pytest.mark.django_db
ASK = Defaults(newsletter="office", ask_an_hour=60)


@pytest.fixture
def old_list(newsletter, csv_file):
    return csv_file("email,language,topics\n" + "".join(f"reader{n}@example.org,be,law\n" for n in range(10)))


def test_letters_go_one_by_one_at_the_pace_that_was_asked_for(old_list):
    report = importing.run(old_list, ASK, apply=True)
    assert (report.asked, report.added) == (10, 0)
    signing_up.tell_the_held()
    assert Letter.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
        signing_up.tell_the_held()
        assert Letter.objects.count() == 6
        signing_up.tell_the_held()
    assert Letter.objects.count() == 6
    assert not Subscription.objects.exists()


def test_a_yes_subscribes_with_what_the_list_said(old_list, client):
    importing.run(old_list, ASK, apply=True)
    signing_up.tell_the_held()
    client.post(f"/confirm/{tokens.token(bytes(Letter.objects.get().handle))}")
    alice = Subscription.objects.get()
    assert (alice.language, alice.topics, alice.consent_source) == ("be", ["law"], "form, confirmed by mail")


def test_who_does_not_answer_is_forgotten_three_days_after_their_own_letter(old_list):
    importing.run(old_list, Defaults(newsletter="office", ask_an_hour=1), apply=True)
    with time_machine.travel(timezone.now() + timedelta(hours=73)):
        signing_up.forget()
    assert Wish.objects.count() == 8


def test_the_same_list_again_asks_nobody_twice(old_list):
    importing.run(old_list, ASK, apply=True)
    signing_up.tell_the_held()
    again = importing.run(old_list, ASK, apply=True)
    assert (again.asked, again.known) == (0, 10)


def test_nobody_is_asked_who_reads_already_or_must_not_be_written_to(old_list, reader):
    reader("reader0@example.org")
    Suppression.objects.create(address_index=vault.blind_index("reader1@example.org"), reason="complained")
    report = importing.run(old_list, ASK, apply=True)
    assert (report.asked, report.known, report.suppressed) == (8, 1, 1)


def test_a_mailbox_that_had_its_letter_does_not_hold_up_the_others(old_list, monkeypatch):
    importing.run(old_list, ASK, apply=True)
    first = Wish.objects.order_by("not_before")[0]
    Letter.objects.create(
        kind="confirm",
        newsletter=first.newsletter,
        language="be",
        address_index=first.address_index,
        handle=b"h" * 8,
        expires_at=timezone.now(),
    )
    monkeypatch.setattr(signing_up, "BATCH", 1)
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        signing_up.tell_the_held()
        signing_up.tell_the_held()
    assert Letter.objects.count() == 2
