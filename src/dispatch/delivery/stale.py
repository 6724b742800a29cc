"""Sends that stood still for hours: nothing of them leaves as if their moment were now, before a person has looked."""

from django.conf import settings

from dispatch.accounts import audit
from dispatch.delivery import statements

WHY = "It stood still for hours: Dispatch, its workers or its broker were down, or a STOP held it."


def hold() -> list[int]:
    """Pause them; a person decides whether what is left still goes. Which. The others are noted as moving."""
    held = [int(number) for (number,) in statements.rows("stale", why=WHY, late=settings.EDITION_LATE)]
    for number in held:
        audit.record(None, "send.hold", f"send:{number}", WHY)
    statements.execute("stirred")
    return held
