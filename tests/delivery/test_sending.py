"""A send from a rendered edition to its readers, every outcome known."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.audience import leaving
from dispatch.audience.models import Newsletter, Subscriber, Subscription, Suppression
from dispatch.delivery import acts, closing, forgetting, ledger, progress, relays, sending
from dispatch.delivery.mailers.base import Trouble
from dispatch.delivery.models import Ambiguity, Chunk, Relay, Send
from dispatch.outcomes import Deferred, Refused, Sent, Unknown

pytestmark = pytest.mark.django_db


def recipients(fake):
    return sorted(message.recipient for message in fake.taken)


def send_all(send):
    for number in Chunk.objects.filter(send=send, state="pending").values_list("number", flat=True):
        sending.send_chunk(send.pk, number)


def state_of(send):
    return closing.close(send)


def make_due(send):
    """Let a wait be over."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE delivery_exception SET next_attempt_at = now() - interval '1 s' WHERE send_id = %s", [send.pk]
        )


def test_each_reader_gets_one_mail_in_their_language_or_their_second(fake, edition, subscribe):
    subscribe("alice", language="en")
    subscribe("bob", language="be")
    subscribe("charlie", language="ru", second_language="be")
    send = ledger.enlist(edition.pk)
    send_all(send)
    assert recipients(fake) == ["alice@example.org", "bob@example.org", "charlie@example.org"]
    subjects = {m.recipient: b"Subject: News in be" in m.whole() for m in fake.taken}
    assert subjects == {"alice@example.org": False, "bob@example.org": True, "charlie@example.org": True}
    assert state_of(send) == "finished"


def test_a_reader_of_neither_language_is_not_enlisted(fake, edition, subscribe):
    subscribe("alice", language="pl")
    send = ledger.enlist(edition.pk)
    assert send.frozen_count == 0
    assert send.state == "finished"


def test_a_variant_that_somebody_changed_after_it_was_frozen_goes_to_nobody(fake, edition, subscribe):
    subscribe("alice")
    send = ledger.enlist(edition.pk)
    edition.variants.update(html="<p>Something else</p>")
    send_all(send)
    assert fake.taken == []
    assert Chunk.objects.get().state == "stuck"
    assert progress.trouble(send) == "The letter in en was changed after it was frozen: nobody gets it."


def test_enlisting_twice_enlists_once(fake, edition, subscribe):
    subscribe("alice")
    assert ledger.enlist(edition.pk) == ledger.enlist(edition.pk)
    assert Send.objects.count() == 1
    assert Chunk.objects.count() == 1


def test_who_left_is_suppressed_or_wants_another_rhythm_is_left_out(fake, edition, subscribe):
    subscribe("alice")
    leaving.leave(Subscription.objects.get(subscriber=subscribe("bob")))
    Suppression.objects.create(address_index=subscribe("charlie").address_index, reason="bounced")
    subscribe("dora", frequency="weekly")
    send = ledger.enlist(edition.pk)
    send_all(send)
    assert recipients(fake) == ["alice@example.org"]


def test_a_further_edition_of_a_story_goes_only_to_those_who_have_not_had_it(fake, make_edition, subscribe, newsletter):
    from dispatch.articles.models import Story
    from dispatch.editions.models import EditionStory

    story = Story.objects.create(key="s")
    first = make_edition("story:1", ("en",))
    EditionStory.objects.create(edition=first, newsletter=newsletter, story=story)
    subscribe("alice", language="be", second_language="en")
    subscribe("bob", language="be")
    send_all(ledger.enlist(first.pk))
    later = make_edition("story:1/be", ("be",))
    EditionStory.objects.create(edition=later, newsletter=newsletter, story=story, is_further=True)
    send_all(ledger.enlist(later.pk))
    assert recipients(fake) == ["alice@example.org", "bob@example.org"]


def test_a_further_edition_waits_until_the_first_one_is_enlisted(fake, make_edition, newsletter):
    from dispatch.articles.models import Story
    from dispatch.editions.models import EditionStory

    story = Story.objects.create(key="s")
    first, later = make_edition("story:1", ("en",)), make_edition("story:1/be", ("be",))
    EditionStory.objects.create(edition=first, newsletter=newsletter, story=story)
    EditionStory.objects.create(edition=later, newsletter=newsletter, story=story, is_further=True)
    assert ledger.enlist(later.pk) is None
    ledger.enlist(first.pk)
    assert ledger.enlist(later.pk) is not None


def test_who_leaves_after_the_freeze_is_skipped(fake, edition, subscribe):
    alice = subscribe("alice")
    send = ledger.enlist(edition.pk)
    leaving.leave(Subscription.objects.get(subscriber=alice))
    send_all(send)
    assert fake.taken == []
    assert ledger.fate(send.pk, alice.pk) == "skipped"
    assert state_of(send) == "finished"


def test_a_refused_reader_is_refused_and_the_others_get_theirs(fake, edition, subscribe):
    alice, bob = subscribe("alice"), subscribe("bob")
    fake.answer = lambda m: Refused(reason="no", code="550 5.1.1") if m.recipient.startswith("alice") else Sent()
    send = ledger.enlist(edition.pk)
    send_all(send)
    assert ledger.fate(send.pk, alice.pk) == "refused"
    assert ledger.fate(send.pk, bob.pk) == "sent"
    now = progress.of_send(send.pk)
    assert (now.frozen, now.sent, now.exceptions) == (2, 1, {"refused": 1})
    assert now.balances


def test_a_deferred_reader_gets_it_when_the_wait_is_over(fake, edition, subscribe):
    alice = subscribe("alice")
    fake.answer = lambda m: Deferred(until=None, reason="greylisted", code="450 4.2.0")
    send = ledger.enlist(edition.pk)
    send_all(send)
    assert ledger.fate(send.pk, alice.pk) == "deferred"
    assert ledger.promote_due() == []
    assert state_of(send) == "sending"
    make_due(send)
    fake.answer = lambda m: Sent()
    assert ledger.promote_due() == [(send.pk, 2)]
    assert ledger.promote_due() == []
    send_all(send)
    assert ledger.fate(send.pk, alice.pk) == "sent"
    assert len(fake.taken) == 1
    assert state_of(send) == "finished"


def test_past_the_time_to_live_a_deferral_is_a_refusal(fake, edition, subscribe):
    alice = subscribe("alice")
    send = ledger.enlist(edition.pk)
    Send.objects.update(expires_at="2020-01-01T00:00Z")
    fake.answer = lambda m: Deferred(until=None, reason="greylisted", code="450 4.2.0")
    send_all(send)
    assert ledger.fate(send.pk, alice.pk) == "refused"


def test_relay_trouble_burns_nobody(fake, edition, subscribe):
    for name in ("alice", "bob"):
        subscribe(name)
    fake.answer = lambda m: Trouble("the relay refuses the user name or password", "535")
    send = ledger.enlist(edition.pk)
    for _ in range(5):
        Chunk.objects.update(not_before=None)
        send_all(send)
    now = progress.of_send(send.pk)
    assert (now.untouched, now.exceptions) == (2, {})
    assert Relay.objects.get().breaker == "open"
    Chunk.objects.update(not_before=None)
    send_all(send)
    Relay.objects.update(probe_at="2020-01-01T00:00Z")
    Chunk.objects.update(not_before=None)
    fake.answer = lambda m: Sent()
    send_all(send)
    assert len(fake.taken) == 2
    assert Relay.objects.get().breaker == "closed"


def test_trouble_in_the_middle_of_a_window_keeps_what_was_answered(fake, edition, subscribe):
    for name in ("alice", "bob", "charlie"):
        subscribe(name)
    fake.answer = lambda m: Trouble("the connection was lost") if m.recipient.startswith("bob") else Sent()
    send = ledger.enlist(edition.pk)
    send_all(send)
    now = progress.of_send(send.pk)
    assert (now.sent, now.untouched, now.in_flight) == (1, 2, 0)
    fake.answer = lambda m: Sent()
    Chunk.objects.update(not_before=None)
    send_all(send)
    assert recipients(fake) == ["alice@example.org", "bob@example.org", "charlie@example.org"]


def test_a_dead_workers_window_is_sent_once_more_after_a_wait(fake, edition, subscribe):
    alice, bob = subscribe("alice"), subscribe("bob")
    send = ledger.enlist(edition.pk)
    dead = ledger.claim(send.pk, 1)
    ledger.advance(dead, ledger.Answers(), settled=0, ahead=1)
    assert ledger.claim(send.pk, 1) is None
    Chunk.objects.update(lease_until="2020-01-01T00:00Z")
    send_all_leased(send)
    assert recipients(fake) == ["bob@example.org"]
    assert ledger.fate(send.pk, alice.pk) == "deferred"
    assert Ambiguity.objects.get().resolution == "resent"
    make_due(send)
    ledger.promote_due()
    send_all(send)
    assert recipients(fake) == ["alice@example.org", "bob@example.org"]
    assert state_of(send) == "finished"
    assert ledger.fate(send.pk, bob.pk) == "sent"


def test_never_twice_leaves_a_dead_workers_window_to_a_person(fake, edition, subscribe, newsletter):
    newsletter.ambiguity = "never_twice"
    newsletter.save()
    alice = subscribe("alice")
    send = ledger.enlist(edition.pk)
    ledger.advance(ledger.claim(send.pk, 1), ledger.Answers(), settled=0, ahead=1)
    Chunk.objects.update(lease_until="2020-01-01T00:00Z")
    send_all_leased(send)
    assert fake.taken == []
    assert ledger.fate(send.pk, alice.pk) == "unknown"


def test_a_second_doubt_is_unknown(fake, edition, subscribe):
    alice = subscribe("alice")
    fake.answer = lambda m: Unknown(reason="no reply after the final dot")
    send = ledger.enlist(edition.pk)
    send_all(send)
    assert ledger.fate(send.pk, alice.pk) == "deferred"
    make_due(send)
    ledger.promote_due()
    send_all(send)
    assert ledger.fate(send.pk, alice.pk) == "unknown"
    assert state_of(send) == "finished"


def test_a_provider_can_tell_a_repeat_of_what_it_may_have_from_a_new_attempt(fake, edition, subscribe):
    alice = subscribe("alice")
    send, attempts = ledger.enlist(edition.pk), []
    answers = [
        Unknown(reason="lost"),
        Deferred(until=None, reason="grey", code="450 4.2.0"),
        Unknown(reason="lost"),
        Sent(),
    ]

    def answer(message):
        attempts.append(message.attempt)
        return answers.pop(0)

    fake.answer = answer
    for _ in range(3):
        send_all(send)
        make_due(send)
        ledger.promote_due()
    assert ledger.fate(send.pk, alice.pk) == "unknown"
    assert acts.retry(send.pk, None, "if they have it, they say so", state="unknown") == 1
    send_all(send)
    assert attempts == [0, 0, 1, 1]  # an answer lies between the second and the third alone


def test_a_late_owner_is_fenced_off(fake, edition, subscribe):
    subscribe("alice")
    send = ledger.enlist(edition.pk)
    late = ledger.claim(send.pk, 1)
    Chunk.objects.update(lease_until="2020-01-01T00:00Z")
    assert ledger.claim(send.pk, 1).token == late.token + 1
    assert ledger.advance(late, ledger.Answers(), settled=0, ahead=1) is None


def test_a_chunk_that_kills_its_workers_is_set_aside(fake, edition, subscribe):
    subscribe("alice")
    send = ledger.enlist(edition.pk)
    for _ in range(5):
        ledger.claim(send.pk, 1)
        Chunk.objects.update(lease_until="2020-01-01T00:00Z")
    assert Chunk.objects.get().state == "stuck"
    assert acts.free_stuck(send.pk, 1, None, "looked at it")
    send_all(send)
    assert len(fake.taken) == 1


def test_pause_grants_nothing_more_and_resume_goes_on(fake, edition, subscribe):
    subscribe("alice")
    send = ledger.enlist(edition.pk)
    claimed = ledger.claim(send.pk, 1)
    assert acts.pause(send.pk, None, "a mistake in the title")
    assert ledger.advance(claimed, ledger.Answers(), settled=0, ahead=1) == 0
    send_all(send)
    assert fake.taken == []
    assert acts.resume(send.pk, None, "mended")
    send_all(send)
    assert len(fake.taken) == 1


@pytest.mark.parametrize("scope", ["everything", "newsletter"])
def test_stop_holds_the_send_until_it_is_lifted(fake, edition, subscribe, newsletter, scope):
    subscribe("alice")
    send = ledger.enlist(edition.pk)
    pulled = stopping.stop(Stop.Scope(scope), None if scope == "everything" else newsletter.pk, None, "wait")
    send_all(send)
    assert fake.taken == []
    assert ledger.due_chunks() == []
    stopping.lift(pulled.pk, None, "go on")
    send_all(send)
    assert len(fake.taken) == 1


def test_cancel_ends_it_for_everyone_not_written_to(fake, edition, subscribe):
    alice, bob = subscribe("alice"), subscribe("bob")
    send = ledger.enlist(edition.pk)
    claimed = ledger.claim(send.pk, 1)
    ledger.advance(claimed, ledger.Answers(), settled=0, ahead=1)
    assert acts.cancel(send.pk, None, "withdrawn")
    assert state_of(send) == "cancelling"
    assert ledger.advance(claimed, ledger.Answers(accepted=[alice.pk]), settled=1, ahead=2) == 1
    assert state_of(send) == "cancelled"
    assert ledger.fate(send.pk, alice.pk) == "sent"
    assert ledger.fate(send.pk, bob.pk) == "cancelled"
    assert progress.of_send(send.pk).balances


def test_the_unknown_may_be_tried_again_by_a_person(fake, edition, subscribe, newsletter):
    newsletter.ambiguity = "never_twice"
    newsletter.save()
    subscribe("alice")
    fake.answer = lambda m: Unknown(reason="no reply")
    send = ledger.enlist(edition.pk)
    send_all(send)
    assert state_of(send) == "finished"
    fake.answer = lambda m: Sent()
    assert acts.retry(send.pk, None, "not in the relay's log", state="unknown") == 1
    send_all(send)
    assert len(fake.taken) == 1
    assert state_of(send) == "finished"


@pytest.mark.parametrize(("policy", "resolution"), [("resend_once", "resent"), ("never_twice", "unknown")])
def test_a_reply_that_never_came_is_shown_as_doubt(fake, edition, subscribe, policy, resolution):
    Newsletter.objects.update(ambiguity=policy)
    subscribe("alice")
    bob = subscribe("bob")
    fake.answer = lambda m: Unknown(reason="no reply") if m.recipient.startswith("bob") else Sent()
    send = ledger.enlist(edition.pk)
    send_all(send)
    doubt = Ambiguity.objects.get()
    chunk = Chunk.objects.get(number=doubt.chunk)
    assert chunk.recipients[doubt.first : doubt.last + 1] == [bob.pk]
    assert doubt.resolution == resolution


def test_a_week_after_the_end_only_totals_are_left(fake, edition, subscribe):
    subscribe("alice")
    fake.answer = lambda m: Refused(reason="no", code="550 5.1.1")
    send = ledger.enlist(edition.pk)
    send_all(send)
    closing.close(send)
    Send.objects.update(finished_at="2020-01-01T00:00Z")
    assert forgetting.begin() == 1
    assert progress.of_send(send.pk).exceptions == {"refused": 1}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM delivery_exception")
        assert cursor.fetchone() == (0,)


def send_all_leased(send):
    for number in Chunk.objects.filter(send=send).exclude(state="done").values_list("number", flat=True):
        sending.send_chunk(send.pk, number)


def test_choosing_finds_no_relay_while_every_breaker_is_open(fake):
    Relay.objects.update(breaker="open", probe_at="2999-01-01T00:00Z")
    assert relays.choose() is None


def test_who_pauses_gets_nothing_until_the_pause_is_over(fake, edition, make_edition, subscribe):
    alice, bob = subscribe("alice"), subscribe("bob")
    Subscriber.objects.filter(pk=alice.pk).update(paused_until=timezone.now() + timedelta(weeks=1))
    send = ledger.enlist(edition.pk)
    assert send.frozen_count == 1
    Subscriber.objects.filter(pk=bob.pk).update(paused_until=timezone.now() + timedelta(weeks=1))
    send_all(send)
    assert recipients(fake) == []
    Subscriber.objects.update(paused_until=timezone.now() - timedelta(seconds=1))
    send_all(ledger.enlist(make_edition("story:2").pk))
    assert recipients(fake) == ["alice@example.org", "bob@example.org"]
