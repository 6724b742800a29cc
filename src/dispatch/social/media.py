"""Pictures for posts: taken in without what their camera wrote into them, and drawn for each network within its limits."""

import hashlib
import io
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dispatch import fetching
from dispatch.editions import stripping
from dispatch.social.models import Attempt, Media
from dispatch.social.networks.base import Draft, Limits, Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

log = logging.getLogger(__name__)
LARGEST = 20_000_000
"""Bytes of a picture that is brought."""
PIXELS = 60_000_000
"""Of a picture that is brought: what is decoded takes four bytes each."""
SIDE = 4096
"""Pixels of the longer side that is kept. No network shows more."""
FORMATS = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}
QUALITIES = (92, 85, 78, 70)
SMALLER = 0.8
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
    image = _open(content)
    if _is_animated(image):
        clean = stripping.strip(content)
        if clean is None or image.format != "GIF":
            raise Unfit("of pictures that move only GIF is taken")
        return _keep(clean.kind, clean.content, image.size)
    upright = _upright(image)
    upright.thumbnail((SIDE, SIDE))
    kind = "image/jpeg" if _is_photo(image) else "image/png"
    return _keep(kind, _encode(upright, kind, QUALITIES[0]), upright.size)


def bring(address: str) -> Media:
    """Keep a picture of an article's, fetched from where the CMS shows it. Raises Unfit."""
    answer = fetching.fetch(address, seconds=BRING_SECONDS, largest=LARGEST)
    if isinstance(answer, fetching.Failed):
        raise Unfit(f"it cannot be fetched: {answer.reason}")
    if answer.status != 200:
        raise Unfit(f"it cannot be fetched: status {answer.status}")
    return take(answer.body)


def drawn(draft: Draft, attempt: Attempt, limits: Limits) -> tuple[Picture, ...]:
    """An attempt's pictures as they go to a network of these limits."""
    frozen: Sequence[dict[str, Any]] = attempt.frozen["media"]
    kept = Media.objects.in_bulk([one["media"] for one in frozen]) if frozen else {}
    return tuple(
        fit(kept[one["media"]], limits, Focus(*one["focus"]), alt=described.alt)
        for one, described in zip(frozen, draft.media, strict=True)
    )


def card_of(attempt: Attempt, limits: Limits) -> Picture | None:
    """The picture of an attempt's card, where it has one and we draw it."""
    said = attempt.frozen
    wanted = limits.card_bytes and said["link"] and said["picture_url"] and not said["media"]
    return card(said["picture_url"], limits) if wanted else None


def fit(media: Media, limits: Limits, focus: Focus, *, alt: str = "") -> Picture:
    """A picture within a network's limits: as it is where it fits, else cropped around its focus to the frame, made smaller
    with its aspect kept, and of lower quality only where its bytes demand it."""
    kind, content = media.kind, bytes(media.content)
    box = _box(media.width, media.height, limits.frame, focus)
    small = max(box[2] - box[0], box[3] - box[1]) <= limits.picture_side
    whole = box == (0, 0, media.width, media.height)
    if whole and small and kind in limits.picture_kinds and len(content) <= limits.picture_bytes:
        return Picture(kind=kind, width=media.width, height=media.height, alt=alt, content=content)
    image = _upright(_open(content)).crop(box)
    image.thumbnail((limits.picture_side, limits.picture_side))
    return replace(_within(image, kind, limits), alt=alt)


def card(address: str, limits: Limits) -> Picture | None:
    """The picture of a link's card, or None: whatever goes wrong with it, the post goes without."""
    answer = fetching.fetch(address, seconds=CARD_SECONDS, largest=LARGEST)
    if isinstance(answer, fetching.Failed) or answer.status != 200:
        why = answer.reason if isinstance(answer, fetching.Failed) else f"status {answer.status}"
        log.info("a card goes without its picture", extra={"reason": why})
        return None
    try:
        image = _upright(_open(answer.body))
    except Unfit as error:
        log.info("a card goes without its picture", extra={"reason": str(error)})
        return None
    image.thumbnail((CARD_SIDE, CARD_SIDE))
    return _within(image, "image/jpeg", replace(limits, picture_bytes=limits.card_bytes))


def _within(image: "Image", kind: str, limits: Limits) -> Picture:
    while True:
        for as_kind, quality in _ways(image, kind, limits):
            content = _encode(image, as_kind, quality)
            if len(content) <= limits.picture_bytes:
                return Picture(kind=as_kind, width=image.width, height=image.height, content=content)
        image = image.resize((max(1, round(image.width * SMALLER)), max(1, round(image.height * SMALLER))))


def _ways(image: "Image", kind: str, limits: Limits) -> list[tuple[str, int]]:
    """Its own kind first; a drawing too heavy for its own becomes a photograph."""
    lossless = [("image/png", 0)] if kind != "image/jpeg" and "image/png" in limits.picture_kinds else []
    if _has_alpha(image) and lossless and image.width * image.height < 1_000_000:
        return lossless
    return lossless + [("image/jpeg", quality) for quality in QUALITIES]


def _box(width: int, height: int, frame: tuple[float, float] | None, focus: Focus) -> tuple[int, int, int, int]:
    """The largest part of a picture within a frame of width / height, as near around the focus as its edges let."""
    narrowest, widest = frame or (0.0, float("inf"))
    ratio = width / height
    if narrowest <= ratio <= widest:
        return 0, 0, width, height
    if ratio > widest:
        kept = max(1, min(width, int(height * widest)))
        left = min(max(round(focus.x * width - kept / 2), 0), width - kept)
        return left, 0, left + kept, height
    kept = max(1, min(height, int(width / narrowest)))
    top = min(max(round(focus.y * height - kept / 2), 0), height - kept)
    return 0, top, width, top + kept


def _open(content: bytes) -> "Image":
    """Only what its own header calls a picture of these formats, and of no more pixels than memory has room for."""
    from PIL import Image

    if len(content) > LARGEST:
        raise Unfit(f"{len(content) / 1e6:.0f} MB; {LARGEST / 1e6:.0f} MB are taken")
    try:
        image = Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "GIF", "WEBP"))
        if image.width * image.height > PIXELS:
            raise Unfit(f"{image.width} × {image.height} pixels; {PIXELS / 1e6:.0f} million are taken")
        image.draft(None, (SIDE, SIDE))  # a photograph that is larger is decoded smaller at once
        image.load()
    except Unfit:
        raise
    except Exception as error:
        raise Unfit("no picture in JPEG, PNG, WebP or GIF, or a broken one") from error
    return image


def _upright(image: "Image") -> "Image":
    """Turned as its camera was held, its colours in sRGB, and nothing else of what was written beside the pixels."""
    from PIL import ImageOps

    turned = _in_srgb(ImageOps.exif_transpose(image), "RGBA" if _has_alpha(image) else "RGB")
    turned.info.clear()
    return turned


def _in_srgb(image: "Image", mode: str) -> "Image":
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if profile and image.mode in {"RGB", "RGBA", "CMYK", "L"}:
        try:
            described = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, described, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            return image.convert(mode)
        if converted is not None and mode == "RGB":
            return converted
    return image.convert(mode)


def _has_alpha(image: "Image") -> bool:
    return image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info


def _is_photo(image: "Image") -> bool:
    return image.format in {"JPEG", "MPO"} or (image.format == "WEBP" and not _has_alpha(image))


def _is_animated(image: "Image") -> bool:
    return image.format != "MPO" and getattr(image, "n_frames", 1) > 1


def _encode(image: "Image", kind: str, quality: int) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    if kind == "image/png":
        image.save(out, "PNG", optimize=True)
        return out.getvalue()
    if image.mode == "RGBA":
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        image = ground
    image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()


def _keep(kind: str, content: bytes, size: tuple[int, int]) -> Media:
    values = {"kind": kind, "content": content, "width": size[0], "height": size[1]}
    kept, _ = Media.objects.get_or_create(key=hashlib.sha256(content).digest(), defaults=values)
    return kept
