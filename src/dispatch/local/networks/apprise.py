"""A receiver of Apprise's own json:// (github.com/caronc/apprise/wiki/Notify_Custom_JSON): plain, and strict."""

import time

from dispatch.local.networks import saying
from dispatch.local.networks.server import Answer, Request, Speaker
from dispatch.local.networks.store import Store


def answer(request: Request, store: Store) -> Answer:
    """POST with version, title, message and type."""
    if request.method != "POST" or request.body.get("version") != "1.0" or "type" not in request.body:
        return Answer({"error": "version, title, message and type are wanted"}, 400)
    text = str(request.body.get("message", ""))
    if not text or len(text) > 32_768:
        return Answer({"error": "the message is empty or too long"}, 413 if text else 400)
    store.add("apprise", "office", text, dict(request.body), link=saying.link(text))
    return Answer({"ok": True})


def limited(later: int) -> Answer:
    """RFC 6585 section 4."""
    return Answer({"error": "Too Many Requests"}, 429, {"Retry-After": str(max(1, later - int(time.time())))})


SPEAKER = Speaker(
    answer, lambda request: request.method == "POST", limited, {"url": "json://{server}/office"}, account="#office"
)
