"""Pictures that travel inside discreet letters: fetched before an edition is rendered, stripped, kept by their address.

Rendering itself asks nobody: what is not here by then, or is too large, is said in words. docs/decisions/0021 says why.
"""

import hashlib
import logging
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.utils import timezone
from lxml import html

from dispatch import fetching
from dispatch.editions import stripping, tailoring
from dispatch.editions.gathering import Told
from dispatch.editions.models import Edition, Picture

log = logging.getLogger(__name__)
ONE = 300 * 1024
"""Bytes of a picture, at most. Relays and mailboxes refuse letters of many megabytes, and phones pay for them."""
ALL = 1024 * 1024
"""Bytes of a letter's pictures; those that come first have first claim."""
EACH_SECONDS, ALL_SECONDS = 4.0, 10.0
"""What fetching may take: readers wait for their letter, not for a picture."""
AGAIN = timedelta(hours=1)
"""When an address that gave no picture is asked again."""
KEPT = timedelta(days=30)
"""For how long a picture stays that no letter holds; twice as long as a story is news."""


def bring(edition_id: int) -> None:
    """Fetch what an edition's discreet letters would show. Doubled calls fetch the same again, and change nothing.

    Whatever goes wrong, the letters go without: no attempt is counted yet that would end in words for an editor.
    """
    try:
        _bring(edition_id)
    except Exception as error:  # noqa: BLE001 - see above
        log.warning("pictures stay out", extra={"edition": edition_id, "error": type(error).__name__})


def _bring(edition_id: int) -> None:
    due = Edition.objects.select_related("newsletter").filter(id=edition_id, state=Edition.State.DUE).first()
    if due is None or not due.is_own or not due.newsletter.discreet_pictures:
        return
    told = [story for one in tailoring.contents(due) if one.discreet for story in one.stories]
    deadline = time.monotonic() + ALL_SECONDS
    for address in _missing(addresses(told)):
        seconds = min(EACH_SECONDS, deadline - time.monotonic())
        if seconds <= 0:
            log.warning("pictures came too slowly", extra={"edition": edition_id})
            return
        _keep(address, fetching.fetch(address, seconds=seconds, largest=ONE))


def addresses(stories: Iterable[Told]) -> list[str]:
    """Of their pictures, each once, in order."""
    found: dict[str, None] = {}
    for told in stories:
        root = html.fragment_fromstring(told.revision.html or "<p></p>", create_parent="div")
        shown = (told.revision.picture_url, *(picture.get("src", "") for picture in root.iter("img")))
        found.update(dict.fromkeys(address for address in shown if address.startswith(("https://", "http://"))))
    return list(found)


def inside(stories: Iterable[Told]) -> Mapping[str, Picture]:
    """Those that fit into one letter, by their address."""
    asked = {_key(address): address for address in addresses(stories)}
    here = {bytes(one.key): one for one in Picture.objects.filter(key__in=asked).exclude(kind="")}
    fitting, left = {}, ALL
    for key, address in asked.items():
        if key in here and len(here[key].content) <= left:
            fitting[address] = here[key]
            left -= len(here[key].content)
    return fitting


def forget() -> None:
    """Those that no letter holds, and that no story is likely to show again."""
    Picture.objects.filter(fetched_at__lt=timezone.now() - KEPT, variants=None).delete()


def _missing(wanted: list[str]) -> list[str]:
    keys = {_key(address): address for address in wanted}
    known = Picture.objects.filter(key__in=keys)
    hopeless = known.filter(kind="", fetched_at__gt=timezone.now() - AGAIN)
    done = {bytes(key) for key in (known.exclude(kind="") | hopeless).values_list("key", flat=True)}
    return [address for key, address in keys.items() if key not in done]


def _keep(address: str, answer: fetching.Fetched | fetching.Failed) -> None:
    body = answer.body if isinstance(answer, fetching.Fetched) and answer.status == 200 else b""
    clean = stripping.strip(body) or stripping.Clean("", b"")
    if not clean.kind:
        why = answer.reason if isinstance(answer, fetching.Failed) else f"status {answer.status}"
        log.info("a picture stays out of letters", extra={"reason": why})
    Picture.objects.bulk_create(
        [Picture(key=_key(address), kind=clean.kind, content=clean.content, fetched_at=timezone.now())],
        update_conflicts=True, unique_fields=["key"], update_fields=["kind", "content", "fetched_at"],
    )  # fmt: skip


def _key(address: str) -> bytes:
    return hashlib.sha256(address.encode()).digest()
