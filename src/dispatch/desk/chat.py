"""Chats of the newsroom, through Apprise: Telegram, Slack, Matrix and others. The only module of the desk that loads it."""

import logging
import re
import warnings
from typing import Any
from urllib.parse import urlsplit

from dispatch.outcomes import Deferred, Outcome, Refused, Sent, Unknown

SCHEMES = (
    *("tgram", "slack", "discord", "matrix", "matrixs", "mmost", "mmosts", "rocket", "rockets", "zulip", "gchat"),
    *("workflows", "signal", "signals", "ntfy", "ntfys", "gotify", "gotifys", "pover", "threema", "wxteams"),
    *("json", "jsons"),
)
"""Services that a message goes to over the network; Apprise also has some that act on this very machine."""
STATUS = re.compile(r"error=(\d{3})")
LONGEST = 3500
"""Characters of a message that every one of these takes in one piece."""


def problem(address: str) -> str:
    """Why Apprise cannot use an address, in words; empty: it can."""
    scheme = urlsplit(address.strip()).scheme.lower()
    if scheme not in SCHEMES:
        return f"It begins with one of: {', '.join(f'{one}://' for one in SCHEMES)}"
    return "" if _opened(address) else "Apprise cannot read it: see the page of that service in Apprise's wiki"


def send(address: str, title: str, text: str) -> Outcome:
    """One message. Apprise says yes or no; what it writes in its log tells a refusal from silence."""
    import apprise

    service = _opened(address)
    if service is None:
        return Refused(reason="Apprise cannot read its address")
    capture: Any = apprise.LogCapture  # untyped in a typed library
    with capture(level=logging.WARNING, fmt="%(message)s") as said:
        try:
            done = service.notify(title=title, body=_cut(text), body_format=apprise.NotifyFormat.TEXT)
        except TypeError:
            return Refused(reason="Apprise cannot make a message of it")
        words = said.getvalue()
    return Sent() if done else _outcome(words)


def _outcome(words: str) -> Outcome:
    """Its words may hold a token or a host, so that only the status is kept."""
    found = STATUS.search(words)
    status = int(found.group(1)) if found else 0
    if status == 429:
        return Deferred(until=None, reason="the service asks for patience", code="429")
    if 400 <= status < 500:
        return Refused(reason="the service refuses it", code=str(status))
    return Unknown(reason=f"the service failed ({status})" if status else "the service did not answer")


def _opened(address: str) -> Any:
    """None: no service of Apprise's. Nothing of ours goes along: no name, no picture from another host."""
    import apprise

    asset = apprise.AppriseAsset(
        app_id="Dispatch",
        app_desc="Dispatch",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        default_service_retry=0,
        secure_logging=True,
    )
    service = apprise.Apprise(asset=asset)
    with warnings.catch_warnings():  # it loads every service's library at the first address, old ones among them
        warnings.simplefilter("ignore", DeprecationWarning)
        is_known = service.add(address.strip())
    return service if is_known and len(service) == 1 else None


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    kept, _, _ = text[:LONGEST].rpartition("\n\n")
    return f"{kept or text[:LONGEST]}\n\n…"
