"""Links in mails that another system sent before a newsletter came here: their host leads here now, and they go on working.

What identified a reader there (listmonk's and Ghost's UUID, or the whole address of a link) is known by a keyed hash only.
Where a link names nobody who is known, its page mails a fresh one to whoever's address is given (doors.link).
"""

import fnmatch
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from dispatch import vault
from dispatch.audience import addresses, lists, views
from dispatch.audience.models import Newsletter, OldLink, OldPath, Subscription

SYSTEMS = {
    "listmonk": "/subscription/*",  # knadh/listmonk, cmd/handlers.go: /subscription/<campaign's UUID>/<subscriber's>
    "ghost": "/unsubscribe/*",  # TryGhost/Ghost, settings-helpers.js: /unsubscribe/?uuid=<member's>&key=…
}
"""The paths that each one's letters lead to."""
PART = re.compile(r"[A-Za-z0-9_-]{16,64}")
PARTS = 8
BATCH = 5000


@dataclass
class Learned:
    """What a file of old links brought."""

    links: int = 0
    strangers: int = 0  # lines of people who do not read this newsletter here
    empty: int = 0  # lines without a link, or that could not be read


def learn(path: Path, newsletter: Newsletter) -> Learned:
    """Take a CSV of addresses with their old links or UUIDs. Raises lists.Unusable, OSError."""
    learned = Learned()
    with lists.opened(path) as found:
        if "old_link" not in found.columns:
            raise lists.Unusable('No column holds old links: name it "uuid" or "link" in the first line.')
        for batch in iter(lambda: list(itertools.islice(found.lines, BATCH)), []):
            _learn(batch, newsletter, learned)
    return learned


def answer(request: HttpRequest) -> HttpResponse | None:
    """The page of an old link: the one to leave by, else the one that mails a fresh link. None: no old link is like this."""
    path = _path(request.path)
    if path is None:
        return None
    if subscription := find(request.get_full_path(), path.newsletter):
        return views.leaving_page(request, subscription)
    return redirect("settings", path.newsletter.slug)


def find(link: str, newsletter: Newsletter) -> Subscription | None:
    """Whose this old link is."""
    marks = [_mark(newsletter, part) for part in _parts(link)]
    found = OldLink.objects.select_related("subscription__newsletter").filter(mark__in=marks).first()
    return found.subscription if found else None


def _path(path: str) -> OldPath | None:
    """In its pattern * stands for anything."""
    everywhere = OldPath.objects.select_related("newsletter").order_by("pk")
    return next((one for one in everywhere if fnmatch.fnmatchcase(path, one.pattern)), None)


def _learn(batch: Iterable[lists.Line | lists.Fault], newsletter: Newsletter, learned: Learned) -> None:
    wanted: dict[bytes, str] = {}
    for line in batch:
        index, link = _line(line)
        if index and link:
            wanted[index] = link
        else:
            learned.empty += 1
    theirs = Subscription.objects.filter(newsletter=newsletter, subscriber__address_index__in=wanted)
    known = {bytes(index): pk for pk, index in theirs.values_list("pk", "subscriber__address_index")}
    links = [
        OldLink(mark=_mark(newsletter, _parts(wanted[index])[0]), subscription_id=pk) for index, pk in known.items()
    ]
    OldLink.objects.bulk_create(links, ignore_conflicts=True)
    learned.links += len(links)
    learned.strangers += len(wanted) - len(links)


def _line(line: lists.Line | lists.Fault) -> tuple[bytes, str]:
    if isinstance(line, lists.Fault):
        return b"", ""
    try:
        address = addresses.parse(line.fields.get("address", ""))
    except addresses.Malformed:
        return b"", ""
    return vault.blind_index(addresses.unique_form(address)), line.fields.get("old_link", "")


def _parts(link: str) -> list[str]:
    """What of a link may name its reader: all of it but scheme and host, then each long word in it."""
    if "/" not in link:
        return [link]
    split = urlsplit(link)
    whole = unquote(f"{split.path}?{split.query}" if split.query else split.path)
    return [whole, *PART.findall(whole)[:PARTS]]


def _mark(newsletter: Newsletter, part: str) -> bytes:
    return vault.mac("old link", f"{newsletter.pk} {part.lower()}".encode())
