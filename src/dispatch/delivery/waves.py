"""The first wave: of a large send a few letters leave first, and the rest once theirs were taken well.

It pauses by itself, and says why, at the first complaint or where one reader in twenty was refused.
"""

from collections import Counter
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from dispatch import saying
from dispatch.accounts import audit
from dispatch.delivery import comparing, statements
from dispatch.delivery.models import Chunk, DeliveryException, Send

TOO_MANY = 0.05
"""Of the wave's readers, refused, bounced or without a letter: from here on the rest is held."""
State = DeliveryException.State
BAD = (State.REFUSED, State.BOUNCED, State.FAILED_RENDER)


def look(send: int) -> str:
    """Hold the rest, let it wait, or let it go, as the wave's answers say; the send's state afterwards."""
    with transaction.atomic():
        one = Send.objects.select_for_update().get(pk=send)
        if one.state != Send.State.FIRST_WAVE:
            return one.state
        if why := _bad_news(one):
            one.state, one.trouble, one.is_held = Send.State.PAUSED, why, True
            audit.record(None, "send.hold", f"send:{send}", why)
        elif one.wave_until is None and _is_answered(send):
            one.wave_until = statements.now() + _wait(one)
        elif one.wave_until is not None and one.wave_until <= statements.now():
            comparing.decide(one)
            one.state, one.wave_over_at = Send.State.SENDING, statements.now()
        one.save(update_fields=["state", "trouble", "is_held", "wave_until", "wave_over_at"])
    return one.state


def is_open(send: Send) -> bool:
    """Whether the rest still waits for what the first wave shows."""
    return send.first_wave > 0 and send.wave_over_at is None


def _wait(send: Send) -> timedelta:
    test = comparing.of(send)
    return timedelta(minutes=test.wait) if test else timedelta(seconds=settings.DELIVERY["first_wave_wait_seconds"])


def _is_answered(send: int) -> bool:
    """Each of its readers was tried once; who was put off does not hold up everyone."""
    return not Chunk.objects.filter(send=send, in_wave=True).exclude(state=Chunk.State.DONE).exists()


def _bad_news(send: Send) -> str:
    """In a sentence; empty when there is none. Only readers of the wave can have exceptions by now."""
    found = DeliveryException.objects.filter(send=send, state__in=[*BAD, State.COMPLAINED])
    told = list(found.values_list("state", "code"))
    complained = sum(state == State.COMPLAINED for state, _ in told)
    if complained:
        return f"{saying.many(complained, 'reader')} of the first {saying.number(send.first_wave)} complained of spam."
    if len(told) < TOO_MANY * send.first_wave:
        return ""
    code, _ = Counter(code or state for state, code in told).most_common(1)[0]
    return f"{saying.number(len(told))} of the first {saying.number(send.first_wave)} letters failed, most with {code}."
