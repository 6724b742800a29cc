"""What an HTTP status, or the lack of one, means for a post that was being published."""

from datetime import datetime

import requests

from dispatch.outcomes import Deferred, Refused, Unknown
from dispatch.social.networks.base import Health

Trouble = Deferred | Refused | Unknown
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)
"""What the networks' libraries raise for an answer that is not in the shape they expect."""
NEVER_LEFT = (requests.exceptions.ConnectTimeout, requests.exceptions.InvalidURL, requests.exceptions.MissingSchema)


def of_status(status: int, words: str, until: datetime | None = None) -> Trouble:
    """A refusal or a failure in the network's words: 429 waits, other 4xx are final, 5xx may have published."""
    if status == 429:
        return Deferred(until=until, reason=words[:300], code="429")
    if 400 <= status < 500:
        return Refused(reason=words[:300], code=str(status))
    return Unknown(reason=f"the network failed ({status})", evidence={"status": status, "words": words[:300]})


def ill(trouble: Trouble) -> Health:
    """What a probe makes of it. A server that fails or is away says nothing of the credentials."""
    return Health(ok=False, words=trouble.reason, code=trouble.code if isinstance(trouble, Refused) else "")


def of_failure(error: BaseException) -> Trouble:
    """No answer. Only what failed before the first byte of the request was sent is safe to repeat."""
    if isinstance(error, NEVER_LEFT) or _no_connection(error):
        return Deferred(until=None, reason="the network cannot be reached", code="")
    return Unknown(reason=f"no answer ({type(error).__name__})", evidence={"error": type(error).__name__})


def before_publishing(trouble: Trouble) -> Deferred | Refused:
    """The same where nothing can have been published yet: what is doubtful there is only a delay."""
    return Deferred(until=None, reason=trouble.reason) if isinstance(trouble, Unknown) else trouble


def _no_connection(error: BaseException | None) -> bool:
    """Whether a connection was never made: the causes of a library's error tell."""
    seen = 0
    while error is not None and seen < 12:
        if type(error).__name__ in {"NewConnectionError", "ConnectError", "ConnectTimeout", "NameResolutionError"}:
            return True
        if isinstance(error, ConnectionRefusedError):
            return True
        reason = getattr(error, "reason", None)
        inner = (
            reason
            if isinstance(reason, BaseException)
            else next((a for a in error.args if isinstance(a, BaseException)), None)
        )
        error = inner or error.__cause__ or error.__context__
        seen += 1
    return False
