"""What the stand-ins of Meta's networks share: errors, tokens, times, pictures that are fetched from where they are shown."""

import io
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import PIL
from PIL import Image

from dispatch.local.networks.server import Answer, Request
from dispatch.local.networks.store import Store

EXPIRED = "expired"
"""A token of which the stand-ins say that its time is over."""
NARROW = "narrow"
"""A token that may post, and neither see numbers (Threads) nor comment (Facebook)."""
FETCHED_WITHIN = 5.0


def problem(code: int, words: str, *, subcode: int = 0, status: int = 400, **more: Any) -> Answer:
    """developers.facebook.com/docs/graph-api/guides/error-handling, "Error Responses"."""
    error = {"message": words, "type": "OAuthException", "code": code, "fbtrace_id": "EJplcsCHuLu", **more}
    return Answer({"error": error | ({"error_subcode": subcode} if subcode else {})}, status)


def not_allowed() -> Answer:
    """The same page's code 10, "API Permission Denied", in the words in which it is met."""
    return problem(10, "(#10) Application does not have permission for this action", status=403)


def unknown(request: Request) -> Answer:
    """The same page's words for code 100 with subcode 33."""
    words = (
        f"Unsupported {request.method.lower()} request. Object does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation."
    )
    return problem(100, words, subcode=33)


def missing(name: str) -> Answer:
    """As the Graph API names a parameter that is not there."""
    return problem(100, f"(#100) The parameter {name} is required")


def wrong_token(request: Request) -> Answer | None:
    """The same page: 190, with 463 where the token's time is over."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not token:
        return problem(190, "An access token is required to request this resource.", status=401)
    if token == EXPIRED:
        words = "Error validating access token: Session has expired. The current time is later."
        return problem(190, words, subcode=463, status=401)
    return None


def limited(code: int, kind: str, later: int) -> Answer:
    """docs/graph-api/overview/rate-limiting: the header of "business use case" limits counts in minutes."""
    minutes = max(1, round((later - time.time()) / 60))
    use = {"type": kind, "call_count": 100, "estimated_time_to_regain_access": minutes}
    answer = problem(code, f"(#{code}) Calls have exceeded the rate limit.", is_transient=True)
    return Answer(answer.body, 400, {"X-Business-Use-Case-Usage": json.dumps({"100": [use]})})


def moment(at: float) -> str:
    """2026-11-28T10:00:00+0000."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def fetched(address: str) -> bytes:
    """What is shown there; empty where it cannot be had."""
    if not address.startswith(("http://", "https://")):
        return b""
    try:
        with urllib.request.urlopen(address, timeout=FETCHED_WITHIN) as answer:  # noqa: S310 - checked above
            content: bytes = answer.read(8_000_001)
    except (urllib.error.URLError, OSError, ValueError):
        return b""
    return content


def picture(request: Request, network: str, store: Store, *, narrowest: float, widest: float) -> int | Answer:
    """Fetch `image_url` and keep it: its number. docs/instagram-platform/instagram-graph-api/reference/error-codes."""
    address = str(request.body.get("image_url", ""))
    if not address:
        return missing("image_url")
    content = fetched(address)
    try:
        width, height = Image.open(io.BytesIO(content)).size
    except (PIL.UnidentifiedImageError, OSError):
        words = "Only photo or video can be accepted as media type."
        return problem(9004, words, subcode=2207052, error_user_msg=f"The media could not be fetched from {address}")
    if len(content) > 8_000_000:
        return problem(36000, "The image size is too large.", subcode=2207004)
    if network == "instagram" and not content.startswith(b"\xff\xd8\xff"):
        return problem(36001, "The image format is not supported.", subcode=2207005)
    if not narrowest <= width / height <= widest:
        return problem(36003, f"The aspect ratio {width}x{height} is not supported.", subcode=2207009)
    return store.keep(network, content, kind="photo", alt=str(request.body.get("alt_text", "")))


def contain(network: str, said: Mapping[str, Any], store: Store) -> Answer:
    """Keep a container."""
    number = store.keep(network, json.dumps(dict(said)).encode(), kind="FINISHED")
    return Answer({"id": str(CONTAINERS + number)})


CONTAINERS, MEDIA = 17_880_000_000_000_000, 17_890_000_000_000_000


def container(network: str, name: str, store: Store) -> tuple[int, str, dict[str, Any]] | None:
    """A container's number, its state and what it holds."""
    number = int(name) - CONTAINERS if name.isdigit() else 0
    kept = store.picture(network, number) if 0 < number < MEDIA - CONTAINERS else None
    if kept is None or kept.kind == "photo":
        return None
    return kept.id, "PUBLISHED" if kept.kind == "done" else kept.kind, json.loads(kept.content)
