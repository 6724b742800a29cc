"""Pictures for posts: taken in without what their camera wrote into them, and drawn for each network within its limits.

Nothing is decoded here: drawing.py is a program of its own. docs/decisions/0024 says why.
"""

import hashlib
import json
import logging
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from dispatch import fetching
from dispatch.editions import stripping
from dispatch.social.models import Attempt, Channel, Media, PostMedia
from dispatch.social.networks.base import Draft, Limits, Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger(__name__)
DRAWING = Path(__file__).with_name("drawing.py")
DRAWING_SECONDS = 30
LARGEST = 20_000_000
"""Bytes of a picture that is brought."""
KEPT = timedelta(days=30)
SIDE = 4096
"""Pixels of the longer side that is kept. No network shows more."""
CARD_SECONDS = 4.0
"""What fetching the article's own picture may take: a card without it is still a card."""
CARD_SIDE = 1200
BRING_SECONDS = 10.0
"""What fetching may take while an editor waits."""


class Unfit(ValueError):
    """Not a picture that can be taken; the reason in words."""


@dataclass(frozen=True)
class Focus:
    """The point that a crop keeps: 0…1 from the left and from the top."""

    x: float = 0.5
    y: float = 0.5


def take(content: bytes) -> Media:
    """Keep a picture: upright, in sRGB, without metadata; the same one twice is kept once. Raises Unfit."""
    told, drawn = _draw(content, act="clean", side=SIDE)
    if "moves" in told:
        clean = stripping.strip(content)
        if clean is None or told["moves"] != "GIF":
            raise Unfit("of pictures that move only GIF is taken")
        told["kind"], drawn = clean.kind, clean.content
    values = {"kind": told["kind"], "content": drawn, "width": told["width"], "height": told["height"]}
    kept, _ = Media.objects.get_or_create(key=hashlib.sha256(drawn).digest(), defaults=values)
    return kept


def bring(address: str) -> Media:
    """Keep a picture of an article's, fetched from where the CMS shows it. Raises Unfit."""
    return take(_fetched(address, BRING_SECONDS))


def kept(attempt: Attempt) -> Mapping[int, Media]:
    """An attempt's pictures as they were brought."""
    frozen: Sequence[dict[str, Any]] = attempt.frozen["media"]
    return Media.objects.in_bulk([one["media"] for one in frozen]) if frozen else {}


def drawn(draft: Draft, attempt: Attempt, limits: Limits, kept: Mapping[int, Media]) -> tuple[Picture, ...]:
    """The same as they go to a network of these limits. Raises Unfit. Does not ask the database."""
    frozen: Sequence[dict[str, Any]] = attempt.frozen["media"]
    return tuple(
        fit(kept[one["media"]], limits, Focus(*one["focus"]), alt=described.alt)
        for one, described in zip(frozen, draft.media, strict=True)
    )


def fit(media: Media, limits: Limits, focus: Focus, *, alt: str = "") -> Picture:
    """A picture within a network's limits: as it is where it fits, else cropped around its focus to the frame, made smaller
    with its aspect kept, and of lower quality only where its bytes demand it."""
    content = bytes(media.content)
    narrowest, widest = limits.frame or (0.0, float("inf"))
    fits = narrowest <= media.width / media.height <= widest and max(media.width, media.height) <= limits.picture_side
    if fits and media.kind in limits.picture_kinds and len(content) <= limits.picture_bytes:
        return Picture(kind=media.kind, width=media.width, height=media.height, alt=alt, content=content)
    return replace(_fit(content, limits, focus), alt=alt)


def forget() -> int:
    """Pictures that no post shows, a month after they were brought: by then no attempt can ask for them. How many."""
    shown = PostMedia.objects.filter(media=OuterRef("pk"))
    standing = Channel.objects.filter(settings__picture__isnull=False).values_list("settings__picture", flat=True)
    old = Media.objects.filter(~Exists(shown), created_at__lt=timezone.now() - KEPT).exclude(pk__in=list(standing))
    return old.delete()[0]


def card_of(attempt: Attempt, limits: Limits) -> Picture | None:
    """The picture of an attempt's card, where it has one and we draw it."""
    said = attempt.frozen
    wanted = limits.card_bytes and said["link"] and said["picture_url"] and not said["media"]
    return card(said["picture_url"], limits) if wanted else None


def card(address: str, limits: Limits) -> Picture | None:
    """The picture of a link's card, or None: whatever goes wrong with it, the post goes without."""
    small = replace(limits, picture_bytes=limits.card_bytes, picture_side=CARD_SIDE, picture_kinds=("image/jpeg",))
    try:
        return _fit(_fetched(address, CARD_SECONDS), small, Focus())
    except Unfit as error:
        log.info("a card goes without its picture", extra={"reason": str(error)})
        return None


def _fetched(address: str, seconds: float) -> bytes:
    answer = fetching.fetch(address, seconds=seconds, largest=LARGEST)
    if isinstance(answer, fetching.Failed):
        raise Unfit(f"it cannot be fetched: {answer.reason}")
    if answer.status != 200:
        raise Unfit(f"it cannot be fetched: status {answer.status}")
    return answer.body


def _fit(content: bytes, limits: Limits, focus: Focus) -> Picture:
    order = {"kinds": limits.picture_kinds, "frame": limits.frame, "focus": [focus.x, focus.y]}
    told, drawn = _draw(content, act="fit", side=limits.picture_side, size=limits.picture_bytes, **order)
    return Picture(kind=told["kind"], width=told["width"], height=told["height"], content=drawn)


def _draw(content: bytes, **order: object) -> tuple[dict[str, Any], bytes]:
    """Have it drawn by a process that inherits nothing of this one's. Whatever ends that process ends only the picture."""
    if len(content) > LARGEST:
        raise Unfit(f"{len(content) / 1e6:.0f} MB; {LARGEST / 1e6:.0f} MB are taken")
    asked = json.dumps(order).encode() + b"\n" + content
    command = [sys.executable, "-I", str(DRAWING)]
    try:
        done = subprocess.run(command, input=asked, capture_output=True, env={}, timeout=DRAWING_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise Unfit("drawing it takes too long") from error
    if done.returncode:
        log.warning("a picture ended its drawing", extra={"status": done.returncode})
        raise Unfit("no picture that can be drawn")
    line, _, drawn = done.stdout.partition(b"\n")
    told: dict[str, Any] = json.loads(line)
    if "unfit" in told:
        raise Unfit(told["unfit"])
    return told, drawn
