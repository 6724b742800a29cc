"""What a second person agreed to is what leaves: each chunk of such a send carries a keyed hash of its letter and readers,
made when they agreed and compared by every worker that claims it. The key is not in the database.
"""

import functools
import hmac
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dispatch import vault
from dispatch.delivery import statements
from dispatch.delivery.models import Chunk

if TYPE_CHECKING:
    from dispatch.delivery.ledger import Claim

SEAL = """
UPDATE delivery_chunk c SET seal = v.seal FROM unnest(%s::bigint[], %s::bytea[]) AS v (number, seal)
WHERE c.send_id = %s AND c.number = v.number AND NOT c.is_retry
"""


class NotAgreed(Exception):
    """This letter to these readers is not what somebody agreed to; the text says so for people."""


def seal(send: int, number: int, letter: bytes, readers: Sequence[int]) -> bytes:
    """A chunk's keyed hash; `letter` is its variant's digest."""
    return vault.mac("agreed chunk", b"%d %d %b %b" % (send, number, letter, " ".join(map(str, readers)).encode()))


def keep(send: int, seals: dict[int, bytes]) -> None:
    """Write them to the chunks, by number."""
    statements.run(SEAL, list(seals), list(seals.values()), send)


def opened(send: int, numbers: Sequence[int]) -> list[int]:
    """Those of the chunks whose seals hold, where somebody agreed to them: `reseal` may seal these anew, and no others."""
    chunks = Chunk.objects.filter(send=send, number__in=numbers).exclude(seal=None).order_by("number")
    rows = chunks.values_list("number", "variant__hash", "recipients", "seal")
    return [
        number
        for number, letter, readers, seal in rows.iterator(50)
        if _holds(send, number, letter, readers or [], seal)
    ]


def reseal(send: int, numbers: Sequence[int]) -> None:
    """Seal chunks whose letter is another one now, which was agreed to, too."""
    chunks = Chunk.objects.filter(send=send, number__in=numbers).order_by("number")
    rows = chunks.values_list("number", "variant__hash", "recipients")
    keep(
        send,
        {number: seal(send, number, bytes(letter), readers or []) for number, letter, readers in rows.iterator(50)},
    )


def require(claimed: "Claim", letter: bytes) -> None:
    """Raise NotAgreed unless the chunk, with this letter, is as it was agreed to; any chunk is where nobody was asked."""
    if not claimed.is_agreed:
        return
    if claimed.is_retry:
        agreed = _readers(claimed.send, claimed.variant, letter)
        if any(not _is_among(reader, agreed) for reader in claimed.recipients):
            raise NotAgreed("A reader who is tried again is not among those that somebody agreed to: nobody gets it.")
    elif not _holds(claimed.send, claimed.number, letter, claimed.recipients, claimed.seal):
        raise NotAgreed("The letter or its readers are not those that somebody agreed to: nobody gets it.")


@functools.lru_cache(maxsize=2)
def _readers(send: int, variant: int, letter: bytes) -> "array[int]":
    """Everybody who is to get this letter, in the order of their numbers: eight megabytes for a million. Raises NotAgreed."""
    every: array[int] = array("q")
    chunks = Chunk.objects.filter(send=send, variant=variant, is_retry=False)
    for number, recipients, sealed in chunks.values_list("number", "recipients", "seal").iterator(50):
        if not recipients or not _holds(send, number, letter, recipients, sealed):
            raise NotAgreed("Readers were changed after somebody agreed to them: nobody is tried again.")
        every.extend(recipients)
    return array("q", sorted(every))


def _holds(
    send: int, number: int, letter: bytes | memoryview, readers: Sequence[int], sealed: bytes | memoryview | None
) -> bool:
    return hmac.compare_digest(seal(send, number, bytes(letter), readers), bytes(sealed or b""))


def _is_among(reader: int, readers: "array[int]") -> bool:
    place = bisect_left(readers, reader)
    return place < len(readers) and readers[place] == reader
