"""Which letter a chunk's workers died at, and what becomes of it and of the others."""

import pytest

from dispatch.delivery import acts, agreed, isolating, ledger, progress, sending
from dispatch.delivery.models import Chunk

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(edition, subscribe):
    for name in ("alice", "bob", "charlie", "dora"):
        subscribe(name)
    return ledger.enlist(edition.pk)


def send_all(send):
    for number in Chunk.objects.filter(send=send, state="pending").values_list("number", flat=True):
        sending.send_chunk(send.pk, number)


def die(send, *, at):
    """Once, after so many letters were settled, while the next is being made; nobody knows more of it than the ledger."""
    claimed = ledger.claim(send.pk, 1)
    if claimed is None:
        return None
    if at > claimed.settled:
        ledger.advance(claimed, ledger.Answers(), settled=at, ahead=at + 1)
    else:
        ledger.advance(claimed, ledger.Answers(), settled=claimed.settled, ahead=claimed.settled + 1)
    Chunk.objects.filter(pk=claimed.chunk).update(lease_until="2020-01-01T00:00Z")
    return claimed


@pytest.fixture
def unsent(monkeypatch):
    """The dead owner's journal says that nothing of the letter had left."""
    monkeypatch.setattr(
        ledger.journal, "left_behind", lambda chunk, token, settled, ahead: ledger.journal.Left(settled, [], [], [])
    )


def test_after_two_deaths_without_progress_one_letter_at_a_time_is_sent(send, unsent):
    assert not die(send, at=2).is_careful
    assert not die(send, at=2).is_careful
    assert die(send, at=2).is_careful


def test_the_letter_is_set_aside_and_the_others_go_on(send, unsent, fake):
    whole = Chunk.objects.get().recipients
    while die(send, at=2):
        pass
    done, letter, rest = Chunk.objects.order_by("number")
    assert [done.recipients, letter.recipients, rest.recipients] == [whole[:2], whole[2:3], whole[3:]]
    assert [done.state, letter.state, rest.state] == ["done", "stuck", "pending"]
    assert letter.trouble == "One letter. Its worker died 4 times."
    assert progress.trouble(send) == letter.trouble
    assert progress.of_send(send.pk).balances
    send_all(send)
    assert ledger.totals(send.pk).settled == 3
    assert acts.free_stuck(send.pk, letter.number, None, "the crash is mended")
    send_all(send)
    assert ledger.totals(send.pk).settled == 4


def test_how_the_last_one_died_is_told(send, unsent):
    while die(send, at=1):
        Chunk.objects.filter(state="leased").update(trouble="signal 9 (SIGKILL)")
    assert Chunk.objects.get(state="stuck").trouble == (
        "One letter. Its worker died 4 times, the last by signal 9 (SIGKILL)."
    )


def test_an_edition_whose_letters_kill_one_after_another_stands_still(send, unsent, monkeypatch):
    monkeypatch.setattr(isolating, "MOST", 1)
    while die(send, at=0):
        pass
    second = Chunk.objects.get(state="pending")
    Chunk.objects.filter(pk=second.pk).update(state="leased", takeovers=3, ahead=1, lease_until="2020-01-01T00:00Z")
    assert ledger.claim(send.pk, second.number) is None
    second.refresh_from_db()
    assert (second.state, len(second.recipients)) == ("stuck", 3)
    assert "1 letters of this edition did the same: look at the edition." in second.trouble


def test_what_dies_before_any_letter_is_no_letters_fault(send):
    for _ in range(5):
        ledger.claim(send.pk, 1)
        Chunk.objects.update(lease_until="2020-01-01T00:00Z")
    chunk = Chunk.objects.get()
    assert (chunk.state, len(chunk.recipients)) == ("stuck", 4)
    assert chunk.trouble == "Its worker died 4 times. Nothing of it was on the wire."


def test_what_was_agreed_to_stays_agreed_in_parts(send, unsent, edition):
    from dispatch.delivery.models import Approval

    Approval.objects.create(send=send, why="many", then="sending", hash=b"")
    agreed.reseal(send.pk, [1])
    while die(send, at=2):
        pass
    numbers = list(Chunk.objects.order_by("number").values_list("number", flat=True))
    assert agreed.opened(send.pk, numbers) == numbers
    assert len(numbers) == 3


def test_readers_in_doubt_are_tried_again_one_letter_at_a_time(send, settings):
    settings.DELIVERY = {**settings.DELIVERY, "resend_wait_seconds": 0}
    die(send, at=1)
    claimed = ledger.claim(send.pk, 1)
    assert claimed.settled == 2, "who may have theirs is doubted, and the chunk goes on behind"
    ((_, number),) = ledger.promote_due()
    assert Chunk.objects.get(number=number).is_careful
