"""Chats of the newsroom, through Apprise: Telegram, Slack, Matrix and others. Only this module of the desk speaks to them."""

from urllib.parse import urlsplit

from dispatch.outcomes import Deferred, Outcome, Refused, Unknown
from dispatch.social.networks import watched

SCHEMES = (
    *("tgram", "slack", "discord", "matrix", "matrixs", "mmost", "mmosts", "rocket", "rockets", "zulip", "gchat"),
    *("workflows", "signal", "signals", "ntfy", "ntfys", "gotify", "gotifys", "pover", "threema", "wxteams"),
    *("json", "jsons"),
)
"""Services that a message goes to over the network; Apprise also has some that act on this very machine."""
LONGEST = 3500
"""Characters of a message that every one of these takes in one piece."""


def problem(address: str) -> str:
    """Why Apprise cannot use an address, in words; empty: it can."""
    scheme = urlsplit(address.strip()).scheme.lower()
    if scheme not in SCHEMES:
        return f"It begins with one of: {', '.join(f'{one}://' for one in SCHEMES)}"
    try:
        watched.opened(address.strip())
    except watched.Unusable:
        return "Apprise cannot read it: see the page of that service in Apprise's wiki"
    return ""


def send(address: str, title: str, text: str) -> Outcome:
    """One message. What its "no" is worth is read from the wire."""
    return _without_words(watched.say(address.strip(), _cut(text), title))


def _without_words(outcome: Outcome) -> Outcome:
    """A service's own words may hold a token or a host, so that only what they mean is kept."""
    match outcome:
        case Deferred(until=until, code="429"):
            return Deferred(until=until, reason="the service asks for patience", code="429")
        case Refused(code=code) if code:
            return Refused(reason="the service refuses it", code=code)
        case Unknown(reason=reason):
            return Unknown(reason=reason)
        case _:
            return outcome


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    kept, _, _ = text[:LONGEST].rpartition("\n\n")
    return f"{kept or text[:LONGEST]}\n\n…"
