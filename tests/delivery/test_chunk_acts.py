"""What a person does to a chunk: hurry it, move it to another relay, or let go of one at which workers died."""

import pytest

from dispatch.accounts.models import AuditEntry
from dispatch.delivery import chunk_acts, closing, ledger, progress, relays, sending
from dispatch.delivery.models import Chunk, DeliveryException, Send

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(edition, subscribe, fake):
    """Alice's to Dora's letters are one chunk, whose workers died again and again."""
    for name in ("alice", "bob", "charlie", "dora"):
        subscribe(name)
    one = ledger.enlist(edition.pk)
    stuck(Chunk.objects.filter(send=one))
    return one


def stuck(chunks):
    chunks.update(state="stuck", takeovers=4, trouble="Its worker died 4 times. Nothing of it was on the wire.")


def states():
    return sorted(DeliveryException.objects.values_list("state", flat=True))


def audited():
    return list(AuditEntry.objects.order_by("pk").values_list("act", "target", "reason"))


def test_a_stuck_chunk_that_is_moved_goes_by_the_other_relay(send, fake):
    other = relays.save("other", "fake://")
    assert chunk_acts.move(Chunk.objects.get().pk, other, None, "main kills it")
    chunk = Chunk.objects.get()
    assert (chunk.state, chunk.takeovers, chunk.trouble, chunk.relay) == ("pending", 0, "", other)
    claimed = ledger.claim(send.pk, 1)
    assert (claimed.relay, claimed.tie) == (other.pk, "wish")
    ledger.release(claimed, None)
    sending.send_chunk(send.pk, 1)
    assert (closing.close(send), progress.of_send(send.pk).sent) == ("finished", 4)
    assert audited() == [("chunk.move", f"send:{send.pk}:chunk:1", "to other: main kills it")]


def test_a_stuck_chunk_is_let_go_of_and_its_send_ends(send):
    assert closing.close(send) == "sending"
    assert chunk_acts.drop(Chunk.objects.get().pk, None, "it cannot be made")
    assert states() == ["cancelled"] * 4
    assert closing.close(send) == "finished"
    now = progress.of_send(send.pk)
    assert (now.sent, now.balances, now.exceptions) == (0, True, {"cancelled": 4})
    assert audited() == [("chunk.drop", f"send:{send.pk}:chunk:1", "it cannot be made")]
    assert not chunk_acts.drop(Chunk.objects.get().pk, None, "again")


def test_what_was_sent_of_it_before_stays_sent(send):
    Chunk.objects.update(settled=1, ahead=1)
    chunk_acts.drop(Chunk.objects.get().pk, None, "it cannot be made")
    now = progress.of_send(send.pk)
    assert (now.sent, now.balances, now.exceptions) == (1, True, {"cancelled": 3})


def test_who_may_have_it_is_unknown_and_not_cancelled(send):
    Chunk.objects.update(settled=1, ahead=2)
    chunk_acts.drop(Chunk.objects.get().pk, None, "it cannot be made")
    assert states() == ["cancelled", "cancelled", "unknown"]
    assert progress.of_send(send.pk).balances


def test_of_a_retry_those_who_may_have_theirs_are_unknown_too(send):
    Chunk.objects.update(state="pending", takeovers=0)
    claimed = ledger.claim(send.pk, 1)
    first, second, *others = claimed.recipients
    answers = ledger.Answers(others, [ledger.Except(first, "deferred", "450 4.2.0", "2020-01-01T00:00Z")], [second])
    ledger.advance(claimed, answers, settled=4, ahead=4)
    DeliveryException.objects.update(next_attempt_at="2020-01-01T00:00Z")
    numbers = [number for _, number in ledger.promote_due()]
    stuck(Chunk.objects.filter(number__in=numbers))
    for chunk in Chunk.objects.filter(number__in=numbers):
        assert chunk_acts.drop(chunk.pk, None, "it cannot be made")
    assert {one.subscriber_id: one.state for one in DeliveryException.objects.all()} == {
        first: "cancelled", second: "unknown",
    }  # fmt: skip
    assert not DeliveryException.objects.exclude(retry_chunk=None).exists()
    assert (closing.close(send), progress.of_send(send.pk).sent) == ("finished", 2)


@pytest.mark.parametrize("state", ["pending", "leased", "done"])
def test_only_a_stuck_chunk_is_let_go_of(send, state):
    Chunk.objects.update(state=state)
    assert not chunk_acts.drop(Chunk.objects.get().pk, None, "it cannot be made")
    assert (states(), audited(), Chunk.objects.get().state) == ([], [], state)


def test_one_that_waits_for_a_relay_that_may_have_it_is_not_moved(send):
    Chunk.objects.update(tie="only")
    assert not chunk_acts.move(Chunk.objects.get().pk, relays.save("other", "fake://"), None, "main kills it")
    assert Chunk.objects.get().state == "stuck"


def test_a_send_that_a_person_moves_again_does_not_pause_for_standing_still(send):
    Send.objects.update(stirred_at="2020-01-01T00:00Z")
    chunk_acts.drop(Chunk.objects.get().pk, None, "it cannot be made")
    assert Send.objects.get().stirred_at.year > 2020
