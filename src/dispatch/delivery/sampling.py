"""A letter as it would travel to somebody who is no reader: a test, or to be looked at. Its links to leave lead to nobody."""

from django.conf import settings

from dispatch.audience.models import Newsletter
from dispatch.delivery import personalizing, statements
from dispatch.delivery.personalizing import Compiled, Reader
from dispatch.editions.models import Variant
from dispatch.editions.rendering import Draft

NOBODY = bytes(8)
"""A handle that no subscription has: handles are random, and a token of this one opens a page that says it is over."""
MARK = "[Test] "


def compiled(body: Draft | Variant, newsletter: Newsletter) -> Compiled:
    """What its readers would share, marked as a test. A discreet one without its pictures, in plain text."""
    variant = Variant(
        language=body.language,
        discreet=body.discreet,
        nonce=body.nonce,
        subject=MARK + body.subject,
        preheader=body.preheader,
        html="" if body.discreet else body.html,
        text=body.text,
    )
    return personalizing.compile_variant(variant, newsletter, 0, statements.now())


def message(
    body: Draft | Variant, newsletter: Newsletter, address: str, number: int = 0
) -> tuple[str, bytes, list[bytes]]:
    """Whom it is from, its header and its body; `number` makes its Message-ID. Raises ValueError."""
    head, parts = personalizing.fill(compiled(body, newsletter), Reader(number, address, "", NOBODY))
    sender = (newsletter.discreet_address if body.discreet else "") or newsletter.from_address
    return sender, head, parts


def example() -> str:
    """An address of nobody, where one must stand."""
    return f"somebody@{settings.MESSAGE_ID_DOMAIN}"
