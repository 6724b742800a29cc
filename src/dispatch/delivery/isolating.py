"""A letter that kills whoever makes it is set aside alone, with what is known of the deaths; the rest of its chunk goes on.

A chunk whose owner died twice without progress is sent carefully from then on: one letter at a time is written ahead, so that
the ledger knows which one the next death was at. After some more deaths at the same letter it is set aside.
"""

import logging
from typing import TYPE_CHECKING

from django.db import connection

from dispatch.delivery import agreed, journal, statements
from dispatch.delivery.models import Chunk

if TYPE_CHECKING:
    from dispatch.delivery.ledger import Claim

log = logging.getLogger(__name__)
SPLITTING = 0x70726F  # "pro"
"""The advisory lock under which further chunks get their numbers: retries are promoted under it, too."""
MOST = 5
"""Letters of one send that are set aside; where more kill, the edition is to blame, and its chunks stand still."""
BEREAVE = """
UPDATE delivery_chunk c
SET lease_until = least(c.lease_until, clock_timestamp()), trouble = coalesce(nullif(left(%(how)s, 300), ''), c.trouble)
FROM unnest(%(chunks)s::bigint[], %(tokens)s::bigint[]) AS dead (chunk, token)
WHERE c.id = dead.chunk AND c.token = dead.token AND c.state = 'leased'
  AND (c.lease_until > clock_timestamp() OR %(how)s <> '')
"""


def bereave(how: str = "") -> None:
    """End the leases of owners who are proved dead on this host, and note how they died, where that is known; then their
    chunks are rung for at once, as free ones are."""
    if dead := journal.dead():
        chunks, tokens = zip(*dead, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(BEREAVE, {"how": how, "chunks": list(chunks), "tokens": list(tokens)})


def set_aside(claimed: "Claim", *, begun: bool) -> None:
    """The letter that the chunk stands at, at which `claimed.takeovers` workers died; or all of the chunk, where it is not
    known to be that letter's fault (`begun`: a letter, and one alone, was being made at the last death)."""
    died = f"Its worker died {claimed.takeovers} times{f', the last by {claimed.trouble}' if claimed.trouble else ''}."
    if not (begun and claimed.is_careful):
        stick(claimed, f"{died} Nothing of it was on the wire.")
        return
    so_far = Chunk.objects.filter(send=claimed.send, state=Chunk.State.STUCK).count()
    if so_far >= MOST or not _is_agreed(claimed):
        stick(claimed, f"{died} {so_far} letters of this edition did the same: look at the edition.")
        return
    log.error("a letter that kills its workers is set aside", extra={"send": claimed.send, "chunk": claimed.number})
    statements.run("SELECT pg_advisory_xact_lock(%s)", SPLITTING)
    numbers = statements.rows("isolate", chunk=claimed.chunk, token=claimed.token, trouble=f"One letter. {died}"[:300])
    if claimed.is_agreed and not claimed.is_retry:
        agreed.reseal(claimed.send, [int(number) for (number,) in numbers])


def _is_agreed(claimed: "Claim") -> bool:
    """Whether its parts may be sealed as the whole was: they may not where the whole is not what somebody agreed to."""
    if not claimed.is_agreed or claimed.is_retry:
        return True
    return agreed.opened(claimed.send, [claimed.number]) == [claimed.number]


def stick(claimed: "Claim", why: str) -> None:
    """Nobody takes this chunk any more until a person has looked. Nothing of it is on the wire."""
    mine = Chunk.objects.filter(pk=claimed.chunk, token=claimed.token)
    mine.update(state=Chunk.State.STUCK, lease_until=None, trouble=why[:300])


def let_go(send: int, number: int, entry: int) -> bool:
    """End a stuck chunk for everyone in it who was not answered; `entry`: of the audit log, who said so. False: it is not
    stuck."""
    return bool(statements.rows("cancel", send=send, number=number, entry=entry))
