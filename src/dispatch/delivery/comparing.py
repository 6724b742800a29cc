"""A test of two subjects while it goes: both have left with the first wave, and the rest waits for the better one.

It is decided by an editor, or when its time is over: by clicks that the newsroom counted on its own site, where they differ
by more than chance; else the first subject goes to the rest.
"""

from django.db import transaction

from dispatch import saying
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.delivery import agreed, statements
from dispatch.delivery.models import Chunk, Send
from dispatch.editions import subjects
from dispatch.editions.models import SubjectTest

READERS = """
SELECT v.arm, coalesce(sum(c.size), 0) FROM delivery_chunk c JOIN editions_variant v ON v.id = c.variant_id
WHERE c.send_id = %s AND c.in_wave AND v.arm <> '' GROUP BY v.arm
"""


def of(send: Send) -> SubjectTest | None:
    """What is tested by it, where its letters were made for that."""
    if not send.edition.variants.filter(arm="b").exists():
        return None
    return SubjectTest.objects.filter(edition=send.edition_id).first()


def readers(send: int) -> dict[str, int]:
    """How many got each subject first; empty where the audience was too small for a test."""
    return {arm: int(count) for arm, count in statements.listed(READERS, send)}


def count(send: Send, clicks: dict[str, int], by: User, reason: str) -> bool:
    """Write down what the newsroom's site counted. False: nothing is tested, or it is decided."""
    with transaction.atomic():
        noted = SubjectTest.objects.filter(edition=send.edition_id, winner="").update(clicks=clicks)
        if noted:
            audit.record(by, "send.clicks", f"send:{send.pk}", reason)
    return bool(noted)


def choose(send_id: int, winner: str, by: User, reason: str) -> bool:
    """An editor decides, and the rest goes. False: it is decided, or the rest does not wait for it."""
    with transaction.atomic():
        send = Send.objects.select_for_update().get(pk=send_id)
        test = of(send)
        waits = send.state in {Send.State.FIRST_WAVE, Send.State.PAUSED} and send.wave_over_at is None
        if test is None or test.winner or not waits or not readers(send_id):
            return False
        _decide(send, test, winner, "An editor chose it.")
        Send.objects.filter(pk=send_id).update(
            state=Send.State.SENDING, wave_over_at=statements.now(), trouble="", is_held=False
        )
        send.chunks.update(rung_at=None)
        audit.record(by, "send.subject", f"send:{send_id}:{winner}", reason)
    return True


def decide(send: Send) -> None:
    """Its time is over. Within the transaction that lets the rest go; nothing where nothing is tested, or all is decided."""
    test = of(send)
    if test is None or test.winner:
        return
    sampled = readers(send.pk)
    better = subjects.leader(test.clicks, sampled) if sampled else ""
    if better:
        of_all = ", ".join(f"{test.clicks.get(arm, 0)} of {saying.number(sampled[arm])}" for arm in ("a", "b"))
        _decide(send, test, better, f"More readers clicked: {of_all}.")
    else:
        _decide(
            send,
            test,
            "a",
            "Nobody chose, and no difference beyond chance was counted." if sampled else "Too few readers.",
        )


def _decide(send: Send, test: SubjectTest, winner: str, why: str) -> None:
    assert winner in {"a", "b"}
    test.winner, test.why, test.decided_at = winner, why, statements.now()
    test.save(update_fields=["winner", "why", "decided_at"])
    if winner == "b":
        waiting = Chunk.objects.filter(
            send=send, variant__arm="a", in_wave=False, is_retry=False, ahead=0, state="pending"
        )
        numbers = list(waiting.order_by("number").values_list("number", flat=True))
        sealed = agreed.opened(send.pk, numbers)
        statements.execute("switch", send=send.pk)
        agreed.reseal(send.pk, sealed)
