"""Whom a correction is for: known exactly once the sends that told it wrongly are over, and while their rows are kept."""

from typing import Any

from dispatch.delivery import enlisting, statements
from dispatch.delivery.models import Send
from dispatch.editions import correcting
from dispatch.editions.models import Correction

OVER = (Send.State.FINISHED, Send.State.CANCELLED)


def readers(correction: Correction) -> dict[str, int]:
    """How many got it wrongly and still read along, by language."""
    values: dict[str, Any] = {"edition": correction.edition_id, "newsletter": correction.edition.newsletter_id}
    return {language: int(count) for language, count in statements.rows("corrected", **values)}


def hindrance(correction: Correction) -> str:
    """Why it cannot be sent now, in a sentence; empty: it can."""
    sends = Send.objects.filter(edition__variants__in=correcting.mistaken(correction)).distinct()
    if sends.exclude(state__in=OVER).exists():
        return (
            "The letter that is wrong is still on its way. Pause and cancel it for the rest, or wait until it is over."
        )
    if sends.exclude(totals={}).exists():
        return enlisting.GONE
    got_it = readers(correction)
    if not got_it:
        return "Nobody who still reads along got it."
    if wordless := [code for code in correcting.wordless(correction) if code in got_it]:
        return f"It says nothing yet in: {', '.join(wordless)}. Readers got the mistake in each of these languages."
    return ""
