"""Decodes, turns, crops and encodes one picture. Runs as a program of its own, on its own: what others chose is read here in
memory-unsafe code, so this process knows no keys, and by the time it decodes it can open no file, no socket and no process.

It reads an order (one line of JSON) and a picture from its standard input, and writes an answer and a picture likewise.
"""

import io
import json
import sys
from collections.abc import Iterable
from typing import Any

from PIL import Image, ImageCms, ImageOps

FORMATS = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}
PIXELS = 60_000_000
"""Of a picture that is brought: what is decoded takes four bytes each."""
MEMORY, SECONDS = 1_500_000_000, 20
QUALITIES = (92, 85, 78, 70)
SMALLER = 0.8
Box = tuple[int, int, int, int]


class Unfit(ValueError):
    """Not a picture that can be taken; the reason in words."""


def main() -> int:
    """One order."""
    order, content = json.loads(sys.stdin.buffer.readline()), sys.stdin.buffer.read()
    _rehearse()
    _lock_up()
    try:
        answer, drawn = clean(content, **order) if order.pop("act") == "clean" else fit(content, **order)
    except Unfit as error:
        answer, drawn = {"unfit": str(error)}, b""
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + drawn)
    return 0


def clean(content: bytes, *, side: int) -> tuple[dict[str, Any], bytes]:
    """Upright, in sRGB, without metadata, no larger than `side`. What moves is only measured."""
    image = _open(content, side)
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        return {"moves": image.format, "width": image.width, "height": image.height}, b""
    kind = "image/jpeg" if _is_photo(image) else "image/png"
    upright = _upright(image)
    upright.thumbnail((side, side))
    return _answer(upright, kind), _encode(upright, kind, QUALITIES[0])


def fit(
    content: bytes, *, side: int, size: int, kinds: list[str], frame: list[float] | None, focus: list[float]
) -> tuple[dict[str, Any], bytes]:
    """Cropped around its focus to the frame, no larger than `side`, and of lower quality only where `size` demands it."""
    image = _open(content, max(side, 4096))
    lossless = FORMATS[image.format or ""] != "image/jpeg" and "image/png" in kinds
    image = _upright(image)
    image = image.crop(crop(image.width, image.height, frame, focus))
    image.thumbnail((side, side))
    while True:
        for kind, quality in _ways(image, lossless):
            drawn = _encode(image, kind, quality)
            if len(drawn) <= size:
                return _answer(image, kind), drawn
        image = image.resize((max(1, round(image.width * SMALLER)), max(1, round(image.height * SMALLER))))


def crop(width: int, height: int, frame: Iterable[float] | None, focus: Iterable[float]) -> Box:
    """The largest part of a picture within a frame of width / height, as near around the focus as its edges let."""
    narrowest, widest = frame or (0.0, float("inf"))
    across, down = focus
    ratio = width / height
    if narrowest <= ratio <= widest:
        return 0, 0, width, height
    if ratio > widest:
        kept = max(1, min(width, int(height * widest)))
        left = min(max(round(across * width - kept / 2), 0), width - kept)
        return left, 0, left + kept, height
    kept = max(1, min(height, int(width / narrowest)))
    top = min(max(round(down * height - kept / 2), 0), height - kept)
    return 0, top, width, top + kept


def _rehearse() -> None:
    """One of each kind, of our own: Pillow loads most of itself only when it meets what needs it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in FORMATS:
        out, image = io.BytesIO(), Image.new("RGBA" if kind == "PNG" else "RGB", (2, 2))
        more: dict[str, Any] = {"save_all": True, "append_images": [image.copy()]} if kind in {"MPO", "GIF"} else {}
        image.save(out, kind, exif=exif, icc_profile=profile, **more)
        clean(out.getvalue(), side=1)
        fit(out.getvalue(), side=1, size=10_000, kinds=["image/png"], frame=None, focus=[0.5, 0.5])


def _lock_up() -> None:
    """From here on: no further file or socket, no child, nothing written but the answer."""
    import resource

    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: SECONDS,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_NOFILE: 0,
    }
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))


def _open(content: bytes, side: int) -> Image.Image:
    """Only what its own header calls a picture of these formats, and of no more pixels than memory has room for."""
    try:
        image = Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "GIF", "WEBP"))
        if image.width * image.height > PIXELS:
            raise Unfit(f"{image.width} × {image.height} pixels; {PIXELS / 1e6:.0f} million are taken")
        image.draft(None, (side, side))  # a photograph that is larger is decoded smaller at once
        image.load()
    except Unfit:
        raise
    except Exception as error:
        raise Unfit("no picture in JPEG, PNG, WebP or GIF, or a broken one") from error
    return image


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its camera was held, its colours in sRGB, and nothing else of what was written beside the pixels."""
    turned = _in_srgb(ImageOps.exif_transpose(image), "RGBA" if _has_alpha(image) else "RGB")
    turned.info.clear()
    return turned


def _in_srgb(image: Image.Image, mode: str) -> Image.Image:
    profile = image.info.get("icc_profile")
    if profile and mode == "RGB" and image.mode in {"RGB", "CMYK", "L"}:
        try:
            described = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, described, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            return image.convert(mode)
        if converted is not None:
            return converted
    return image.convert(mode)


def _ways(image: Image.Image, lossless: bool) -> list[tuple[str, int]]:
    """Without loss first; a drawing too heavy for that becomes a photograph, unless something shows through it."""
    as_drawing = [("image/png", 0)] if lossless else []
    if as_drawing and _has_alpha(image) and image.width * image.height < 1_000_000:
        return as_drawing
    return as_drawing + [("image/jpeg", quality) for quality in QUALITIES]


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info


def _is_photo(image: Image.Image) -> bool:
    return image.format in {"JPEG", "MPO"} or (image.format == "WEBP" and not _has_alpha(image))


def _encode(image: Image.Image, kind: str, quality: int) -> bytes:
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


def _answer(image: Image.Image, kind: str) -> dict[str, Any]:
    return {"kind": kind, "width": image.width, "height": image.height}


if __name__ == "__main__":
    sys.exit(main())
