"""A week after a send's end nothing says who was sent what, the figures stay, and nobody is told a story twice for it."""

import threading
from datetime import timedelta

import pytest

from dispatch import cli, clock
from dispatch.accounts.models import AuditEntry
from dispatch.articles.models import Story
from dispatch.delivery import (
    acts,
    closing,
    enlisting,
    forgetting,
    heaps,
    ledger,
    missing,
    progress,
    sending,
    statements,
    writing_off,
)
from dispatch.delivery.models import Chunk, Mended, Send
from dispatch.desk import acting
from dispatch.editions.models import Edition, EditionStory
from dispatch.operations import dossier
from dispatch.operations.items import history
from dispatch.outcomes import Deferred, Refused, Sent

pytestmark = pytest.mark.django_db
ACTS = ("forget old exceptions", "strike readers out of old chunks")
SIZES = "SELECT number, size, settled, ahead FROM delivery_chunk WHERE send_id = %s ORDER BY number"


def send_all(send):
    for number in Chunk.objects.filter(send=send).exclude(state="done").values_list("number", flat=True):
        sending.send_chunk(send.pk, number)


def age(send, **by):
    """As if it had begun, and ended, so long ago."""
    Send.objects.filter(pk=send.pk).update(
        **dict.fromkeys(("started_at", "finished_at"), statements.now() - timedelta(**by))
    )


def named(send):
    """How many of its chunks say whom they were for."""
    return Chunk.objects.filter(send=send).exclude(recipients=None).count()


def tick():
    """The clock does both acts once."""
    clock.load()
    clock.run_due(dict.fromkeys(ACTS, 0.0), threading.Event())


@pytest.fixture
def cast(subscribe):
    return {name: subscribe(name) for name in ("alice", "bob", "charlie", "dora")}


@pytest.fixture
def over(cast, edition, fake):
    """Over: Bob was refused, and Charlie got it at the second try, in a chunk of its own."""
    first = {
        "bob": Refused(reason="gone", code="550 5.1.1"),
        "charlie": Deferred(until=None, reason="later", code="450 4.2.0"),
    }
    fake.answer = lambda message: first.pop(message.recipient.partition("@")[0], Sent())
    send = ledger.enlist(edition.pk)
    send_all(send)
    statements.run("UPDATE delivery_exception SET next_attempt_at = now() WHERE state = 'deferred'")
    ledger.promote_due()
    send_all(send)
    assert closing.close(send) == "finished"
    assert named(send) == 2
    return send


@pytest.fixture
def forgotten(over):
    age(over, days=8)
    tick()
    over.refresh_from_db()
    return over


def test_the_clock_strikes_out_who_was_sent_it_and_keeps_how_many(over):
    age(over, days=7, minutes=1)
    before, sizes = progress.of_send(over.pk), statements.listed(SIZES, over.pk)
    tick()
    assert (named(over), Send.objects.get().emptied_at is not None) == (0, True)
    assert statements.listed(SIZES, over.pk) == sizes == [(1, 4, 4, 4), (2, 1, 1, 1)]
    after = progress.of_send(over.pk)
    assert after == before
    assert (after.frozen, after.sent, after.exceptions, after.balances) == (4, 3, {"refused": 1}, True)
    assert progress.at_a_glance(over.pk) == before


def test_not_a_day_sooner(over, cast):
    age(over, days=6, hours=23)
    tick()
    assert (named(over), Send.objects.get().is_forgotten) == (2, False)
    assert list(Mended.objects.values_list("subscriber_id", "attempts")) == [(cast["charlie"].pk, 2)]


def test_what_a_reader_went_through_until_theirs_was_taken_goes_with_the_week(over):
    age(over, days=7, minutes=1)
    tick()
    assert not Mended.objects.exists()


@pytest.mark.parametrize("state", ["paused", "unbalanced", "draft", "cancelling"])
def test_the_week_of_what_is_not_over_does_not_begin(over, state):
    Send.objects.update(state=state, finished_at="2020-01-01T00:00Z" if state == "unbalanced" else None)
    tick()
    assert (named(over), Send.objects.get().is_forgotten) == (2, False)


def test_one_that_did_not_add_up_has_its_week_from_when_it_is_settled(over):
    Send.objects.update(state="unbalanced", finished_at="2020-01-01T00:00Z")
    assert writing_off.settle(over.pk, None, "counted by hand").state == "finished"
    tick()
    assert named(over) == 2


def test_a_large_one_is_forgotten_a_part_at_a_time(over, monkeypatch):
    monkeypatch.setattr(forgetting, "AT_ONCE", 1)
    age(over, days=8)
    left = []
    for _ in range(3):
        tick()
        left.append((named(over), Send.objects.get().emptied_at is None, progress.of_send(over.pk).sent))
    assert left == [(1, True, 3), (0, False, 3), (0, False, 3)]


def test_many_that_were_kept_by_an_older_version_go_one_after_another(over, make_edition, monkeypatch):
    monkeypatch.setattr(forgetting, "AT_ONCE", 2)
    other = ledger.enlist(make_edition("story:2").pk)
    send_all(other)
    closing.close(other)
    Send.objects.update(totals={"exceptions": {}}, finished_at="2020-01-01T00:00Z")
    tick()
    assert (named(over), named(other)) == (0, 1)
    tick()
    assert (named(other), Send.objects.filter(emptied_at=None).count()) == (0, 0)


def test_others_keep_theirs(over, make_edition):
    going = ledger.enlist(make_edition("story:2").pk)
    age(over, days=8)
    tick()
    assert (named(over), named(going)) == (0, 1)
    send_all(going)
    assert closing.close(going) == "finished"


def test_a_chunk_in_which_nobody_is_left_is_counted_as_that(over):
    Chunk.objects.filter(number=2).update(recipients=[], settled=0, ahead=0)  # as isolating.py leaves one
    age(over, days=8)
    tick()
    assert statements.listed(SIZES, over.pk) == [(1, 4, 4, 4), (2, 0, 0, 0)]


def test_a_seal_that_readers_could_be_tried_against_goes_too(over):
    Chunk.objects.update(seal=b"s" * 32)
    age(over, days=8)
    tick()
    assert list(Chunk.objects.values_list("seal", flat=True)) == [None, None]


def test_of_a_reader_and_of_a_stranger_the_same_is_known(forgotten, cast):
    assert [ledger.fate(forgotten.pk, reader) for reader in (cast["alice"].pk, cast["bob"].pk, 0)] == ["forgotten"] * 3
    assert dossier.show("alice@example.org", None, "she asks").mail == []


def test_who_is_missing_can_be_neither_named_nor_written_to(forgotten, capsys, django_user_model):
    assert (list(missing.readers(forgotten.pk)), missing.sendable(forgotten.pk)) == ([], 0)
    assert missing.send_to(forgotten.pk, None, "their server was down") == 0
    assert acts.retry(forgotten.pk, None, "their server was down", state="refused") == 0
    asked = ["send", "missing", str(forgotten.pk), "--addresses", "--by", "bob@example.org", "--reason", "he rang"]
    django_user_model.objects.create_user("bob@example.org", name="Bob", role="operator")
    assert cli.main(asked) == 1
    assert "who is missing is not known any more" in capsys.readouterr().err


def test_a_chunks_page_says_that_its_readers_are_forgotten(over, forgotten):
    item = history.of("chunk", str(Chunk.objects.get(number=1).pk))
    facts = dict(item.facts)
    assert (facts["Readers"], facts["Answered"]) == (4, 4)
    assert facts["Who they were"] == "forgotten, a week after the send's end"


def test_what_is_done_for_one_reader_is_audited_by_the_send(over, cast):
    assert heaps.one(over.pk, cast["bob"].pk, "retry", None, "he wrote to us")
    assert AuditEntry.objects.latest("pk").target == f"send:{over.pk}"


@pytest.fixture
def story(over, newsletter):
    """Told in English and Belarusian by the send that is over; a Russian version comes later."""
    one = Story.objects.create(key="s")
    EditionStory.objects.create(edition=over.edition, newsletter=newsletter, story=one)
    return one


@pytest.fixture
def further(make_edition, newsletter, story):
    later = make_edition("story:1/ru", ("ru",))
    EditionStory.objects.create(edition=later, newsletter=newsletter, story=story, is_further=True)
    return later


@pytest.fixture
def olga(subscribe):
    """She reads Russian, and had English as her second language."""
    return subscribe("olga", language="ru", second_language="en")


def test_a_language_that_comes_after_the_week_goes_to_nobody_and_waits_for_a_person(olga, forgotten, further):
    assert ledger.enlist(further.pk) is None
    further.refresh_from_db()
    assert (further.state, further.trouble) == ("late", enlisting.TOLD)
    assert Send.objects.count() == 1


def test_a_person_cannot_let_it_go_all_the_same_but_leave_it_out(olga, forgotten, further, django_user_model):
    bob = django_user_model.objects.create_user("bob@example.org", name="Bob", role="approver")
    ledger.enlist(further.pk)
    assert not acting.ON_EDITION["late-now"].do(further.pk, bob, "they wait for it")
    assert Edition.objects.get(pk=further.pk).state == "late"
    assert acting.ON_EDITION["leave-out"].do(further.pk, bob, "it is old")


def test_within_the_week_it_goes_to_who_has_nothing_yet(olga, over, further, subscribe):
    age(over, days=6)
    sasha = subscribe("sasha", language="ru")
    send = ledger.enlist(further.pk)
    assert [chunk.recipients for chunk in send.chunks.all()] == [[sasha.pk]]


def test_a_first_send_to_nobody_tells_nothing_of_anybody(forgotten, olga, further):
    Send.objects.filter(pk=forgotten.pk).update(frozen_count=0)
    assert ledger.enlist(further.pk) is not None


def test_a_digest_leaves_nobody_out_and_needs_to_know_nobody(olga, forgotten, further):
    Edition.objects.filter(pk=further.pk).update(slot="2026-11-29")
    assert ledger.enlist(further.pk).frozen_count == 1
