"""Letters that a worker made for an earlier departure of the day: most departures tell the same to the same readers."""

import zoneinfo
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dispatch.editions import gathering, slots
from dispatch.editions.models import Edition

if TYPE_CHECKING:
    from dispatch.editions.rendering import Draft

Make = Callable[[Edition, gathering.Contents, list[str]], "Draft"]
KEPT = 1000
"""Variants, of some tens of kilobytes each, that a worker keeps for the day's next departures."""

_had: OrderedDict[tuple[object, ...], tuple[str, "Draft"]] = OrderedDict()


def as_before(
    edition: Edition, contents: gathering.Contents, languages: list[str], *, make: Make, made_of: int
) -> "Draft":
    """The variant that an earlier departure of the day had: the same but for its edition's address and its slots' nonce.

    Of a day's departures most tell the same to the same kinds of readers.
    """
    newsletter = edition.newsletter
    day = edition.due_at.astimezone(zoneinfo.ZoneInfo(newsletter.zone)).date()
    told = tuple((one.revision.pk, one.article.url, one.article.visibility) for one in contents.stories)
    shown = (tuple(newsletter.picture_hosts), newsletter.discreet_pictures)
    around = (str(newsletter.names), str(newsletter.intros), str(newsletter.outros))
    look = (newsletter.pk, around, newsletter.template, shown, made_of)
    key = (*look, day, tuple(languages), contents.language, contents.discreet, contents.telling, told, contents.said)
    if key not in _had:
        _had[key] = edition.public_id, make(edition, contents, languages)
        if len(_had) > KEPT:
            _had.popitem(last=False)
    public_id, had = _had[key]
    nonce = slots.new_nonce()
    said = {part: getattr(had, part) for part in ("subject", "preheader", "html", "text")}
    fresh = {part: text.replace(public_id, edition.public_id).replace(had.nonce, nonce) for part, text in said.items()}
    return replace(had, nonce=nonce, **fresh)
