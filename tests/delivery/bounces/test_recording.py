"""What comes back counts once, strikes off whom it must, and leaves nothing of what it said."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from dispatch.audience.models import Subscription, Suppression
from dispatch.delivery import forgetting, ledger, tallies, verp
from dispatch.delivery.bounces import recording
from dispatch.delivery.bounces.kinds import Kind, Verdict
from dispatch.delivery.models import Relay, Returned, ReturnedCount, Send, SoftBounce, Tally

pytestmark = pytest.mark.django_db
QUIET = ["notice.postfix_delayed", "auto_reply.vacation", "challenge.boxtrapper", "unknown.person"]


def counted():
    return {(one.send_id, one.kind): one.count for one in ReturnedCount.objects.all()}


def reasons():
    return list(Suppression.objects.values_list("reason", flat=True))


def test_letters_leave_with_an_address_of_their_own_to_come_back_to(sends, fake):
    alice, first, second = sends
    back = {verp.read(message.sender) for message in fake.taken if message.recipient == "alice@example.org"}
    assert back == {verp.Letter(first.pk, alice.pk), verp.Letter(second.pk, alice.pk)}


def test_a_hard_bounce_strikes_off_and_is_laid_to_its_send(sends, mail):
    alice, first, second = sends
    assert recording.take(mail("hard.qmail", first, alice)) == Verdict(Kind.HARD, "550 5.1.1")
    assert (ledger.fate(first.pk, alice.pk), ledger.fate(second.pk, alice.pk)) == ("bounced", "sent")
    assert reasons() == ["bounced"]
    assert counted() == {(first.pk, "hard"): 1}


def test_the_same_again_changes_nothing_even_after_the_reader_came_back(sends, mail):
    alice, first, _ = sends
    recording.take(mail("hard.qmail", first, alice))
    Suppression.objects.all().delete()  # as a confirmed sign-up does
    recording.take(mail("hard.qmail", first, alice))
    recording.take(mail("hard.exim", first, alice))
    assert reasons() == []
    assert counted() == {(first.pk, "hard"): 1}


def test_a_complaint_strikes_off_and_leaves(sends, mail):
    alice, first, _ = sends
    recording.take(mail("complaint.arf", first, alice), "complaints@bounces.example.org")
    assert ledger.fate(first.pk, alice.pk) == "complained"
    assert reasons() == ["complained"]
    assert Subscription.objects.get(subscriber=alice).state == "left"
    assert Subscription.objects.exclude(subscriber=alice).get().state == "active"


def test_a_complaint_without_an_envelope_is_believed_by_mark_and_address_together(sends, mail):
    alice, first, _ = sends
    raw = mail("complaint.arf_by_mark", first, alice)
    assert recording.take(raw.replace(b"alice@", b"bob@")) is None
    assert recording.take(raw.replace(b"Original-Rcpt-To: <alice@example.org>\n", b"")) is None
    assert reasons() == []
    assert recording.take(raw) == Verdict(Kind.COMPLAINT)
    assert reasons() == ["complained"]


def test_an_address_alone_proves_nothing(sends, mail):
    alice, first, _ = sends
    raw = mail("hard.postfix_unknown", first, alice)
    forged = raw.replace(verp.address(first.pk, alice.pk, "x").partition("@")[0].encode(), b"b-" + b"0" * 32)
    assert recording.take(forged.replace(b"Message-ID: <0", b"Message-ID: <")[:900]) is None
    assert reasons() == []


@pytest.mark.parametrize("name", QUIET)
def test_what_only_answers_changes_nothing(sends, mail, name):
    alice, first, _ = sends
    recording.take(mail(name, first, alice))
    assert ledger.fate(first.pk, alice.pk) == "sent"
    assert reasons() == []
    assert not SoftBounce.objects.exists()


def soft(mail, alice, *letters):
    for number, send in enumerate(letters):
        recording.take(mail("soft.gmail_full", send, alice, f"{number}."))


def test_so_many_soft_bounces_of_several_letters_strike_off(sends, mail):
    alice, first, second = sends
    soft(mail, alice, first, second)
    assert reasons() == []
    soft(mail, alice, first, second, second)
    assert reasons() == ["unreachable"]
    assert ledger.fate(first.pk, alice.pk) == "sent"


def test_those_of_one_letter_alone_do_not(sends, mail):
    alice, first, _ = sends
    soft(mail, alice, *[first] * 6)
    assert reasons() == []
    assert counted() == {(first.pk, "soft"): 6}


def test_soft_bounces_of_long_ago_do_not_count_and_are_forgotten(sends, mail):
    alice, first, second = sends
    soft(mail, alice, first, second)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        recording.take(mail("soft.gmail_full", second, alice, "later."))
        assert reasons() == []
        recording.forget_old()
        assert SoftBounce.objects.count() == 1


def test_a_week_later_soft_bounces_count_and_tell_of_no_letter_any_more(sends, mail):
    alice, first, second = sends
    soft(mail, alice, first, first, second)
    keyed = [bytes(one) for one in SoftBounce.objects.order_by("pk").values_list("letter", flat=True)]
    with time_machine.travel(timezone.now() + timedelta(days=6)):
        recording.forget_old()
    assert [bytes(one.letter) for one in SoftBounce.objects.order_by("pk")] == keyed
    with time_machine.travel(timezone.now() + timedelta(days=9)):
        recording.forget_old()
    one, same, other = (bytes(one.letter) for one in SoftBounce.objects.order_by("pk"))
    assert one == same != other
    assert not {one, other} & set(keyed)


def test_nobody_is_struck_off_by_soft_bounces_where_the_newsroom_says_so(sends, mail, settings):
    settings.BOUNCES = {**settings.BOUNCES, "soft": 0}
    alice, first, second = sends
    soft(mail, alice, *[first, second] * 5)
    assert reasons() == []


def test_a_bounce_after_the_details_are_gone_still_strikes_off(sends, mail):
    alice, first, _ = sends
    Send.objects.filter(pk=first.pk).update(state="finished", finished_at=timezone.now() - timedelta(days=8))
    assert forgetting.begin() == 1
    recording.take(mail("hard.qmail", first, alice))
    assert reasons() == ["bounced"]


def test_one_about_a_reader_who_is_forgotten_is_counted_and_no_more(sends, mail):
    alice, first, _ = sends
    raw = mail("soft.gmail_full", first, alice)
    alice.delete()
    assert recording.take(raw) is not None
    assert counted() == {(first.pk, "soft"): 1}
    assert not SoftBounce.objects.exists()


def test_reports_are_forgotten(sends, mail):
    alice, first, _ = sends
    recording.take(mail("hard.qmail", first, alice))
    with time_machine.travel(timezone.now() + timedelta(days=61)):
        recording.forget_old()
    assert not Returned.objects.exists()


@pytest.mark.promise("Nothing of what a mail server or a reader wrote back is kept, but for a kind and a code.")
def test_nothing_of_the_mail_is_kept(sends, mail):
    alice, first, _ = sends
    for name in ("hard.qmail", "soft.gmail_full", "complaint.arf"):
        recording.take(mail(name, first, alice))
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'delivery_%'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT coalesce(string_agg(t::text, chr(10)), '') FROM \"{table}\" t")
            rows = cursor.fetchone()[0]
            assert "over quota" not in rows
            assert "no mailbox here" not in rows
            assert "alice@" not in rows


def tallied():
    return {
        (one.relay.name, one.outcome): one.letters
        for one in Tally.objects.filter(outcome__in=tallies.RETURNED).select_related("relay")
    }


def test_what_came_back_is_laid_to_the_relay_that_had_the_letter(sends, mail):
    alice, first, second = sends
    other = Relay.objects.create(name="other", kind="fake", url=b"")
    relay = first.chunks.get().relay
    second.chunks.update(relay=other)
    for number in (1, 2, 2):
        recording.take(mail("soft.gmail_full", first, alice, str(number)))
    recording.take(mail("complaint.arf", second, alice), "complaints@bounces.example.org")
    recording.take(mail("auto_reply.vacation", first, alice))
    assert tallied() == {(relay.name, "soft"): 2, ("other", "complaint"): 1}


def test_of_a_letter_that_was_tried_again_it_is_the_relay_of_the_last_round(sends, mail):
    alice, first, _ = sends
    other = Relay.objects.create(name="other", kind="fake", url=b"")
    chunk = first.chunks.get()
    again = {
        "number": chunk.number + 1,
        "variant": chunk.variant,
        "provider_class": chunk.provider_class,
        "state": "done",
    }
    first.chunks.create(is_retry=True, recipients=[alice.pk], relay=other, **again)
    recording.take(mail("soft.gmail_full", first, alice))
    assert tallied() == {("other", "soft"): 1}


def test_where_its_relay_is_gone_it_is_counted_by_send_alone(sends, mail):
    alice, first, _ = sends
    first.chunks.update(relay=None)
    recording.take(mail("soft.gmail_full", first, alice))
    assert (counted(), tallied()) == ({(first.pk, "soft"): 1}, {})
