"""Apprise, watched on the wire: whoever tells something through it, a channel's post or a word to the newsroom's chat.

Apprise answers only yes or no, and its "no" does not say whether anything left. So its requests are watched: what never
left, or was refused before anything was taken, is told from what nobody can know. docs/decisions/0026 says why.
"""

import functools
import logging
import sys
import warnings
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from dispatch.outcomes import Outcome, Refused, Sent, Unknown
from dispatch.social.networks import answers
from dispatch.social.networks.base import TIMEOUT

ON_THIS_MACHINE = {"blink1", "dbus", "glib", "gnome", "macosx", "rsyslog", "syslog", "windows"}
"""Services that tell only whoever sits at it."""
OURS = {"app_id": "Dispatch", "app_desc": "Dispatch", "app_url": "", "image_url_mask": "", "image_url_logo": ""}
"""What services are told of the sender; and no picture from another host goes along."""
NOTHING = "Apprise can make no message of this for the service"
LOGGER = logging.getLogger("apprise")
Seen = requests.Response | requests.RequestException
wire: ContextVar[list[Seen] | None] = ContextVar("wire", default=None)
"""What came of each request of the call that is under way."""


class Unusable(ValueError):
    """An address that Apprise does not take; the reason in words, without the address: it is a secret."""


def say(address: str, text: str, title: str = "") -> Outcome:
    """The plug-in's `notify`, once: Apprise's own retries are outside of it."""
    seen: list[Seen] = []
    token = wire.set(seen)
    try:
        plugin = opened(address)
        taken = bool(plugin.notify(body=text, title=title, body_format="text"))
    except Unusable as error:
        return Refused(reason=str(error))
    except (requests.RequestException, OSError, *answers.UNREADABLE) as error:
        return _of_silence(seen, error)
    finally:
        wire.reset(token)
    return Sent() if taken else _of_no(seen, is_watched=_is_watched(plugin))


def opened(address: str) -> Any:
    """The service's plug-in, its time-outs ours, its redirects off, its requests watched. Raises Unusable."""
    apprise = _library()
    asset = apprise.AppriseAsset(storage_mode="memory", secure_logging=True, http_redirects=False, **OURS)
    plugin = apprise.Apprise.instantiate(address, asset=asset)
    if plugin is None:
        raise Unusable("Apprise does not take this address")
    modules = [cls.__module__ for cls in type(plugin).__mro__ if cls.__module__.startswith("apprise.plugins.")]
    if modules[0].rpartition(".")[2] in ON_THIS_MACHINE:
        raise Unusable("that would only tell whoever sits at this machine")
    for module in map(sys.modules.__getitem__, modules):
        if isinstance(getattr(module, "requests", None), type(requests)):
            module.__dict__["requests"] = _Watched()
    plugin.socket_connect_timeout = plugin.socket_read_timeout = TIMEOUT
    plugin.redirects = False
    return plugin


@functools.cache
def _library() -> Any:
    """Apprise with its plug-ins, which it loads when the first address is read; a second of work."""
    LOGGER.setLevel(logging.CRITICAL)  # its warnings may quote an address
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)  # their own business
        import apprise

        apprise.Apprise.instantiate("json://localhost")
    return apprise


class _Watched:
    """The requests library, as a plug-in sees it: the same, but each answer is noted."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(requests, name)
        if name not in {"request", "get", "post", "put", "patch", "delete", "head", "options"}:
            return found
        return functools.partial(_noted, found)


def _noted(ask: Callable[..., requests.Response], *args: Any, **kwargs: Any) -> requests.Response:
    seen = wire.get()
    kwargs.setdefault("timeout", TIMEOUT)
    try:
        answer = ask(*args, **kwargs)
    except requests.RequestException as error:
        if seen is not None:
            seen.append(error)
        raise
    if seen is not None:
        seen.append(answer)
    return answer


def _is_watched(plugin: Any) -> bool:
    modules = (sys.modules[cls.__module__] for cls in type(plugin).__mro__)
    return any(isinstance(getattr(module, "requests", None), _Watched) for module in modules)


def _of_no(seen: Sequence[Seen], *, is_watched: bool) -> Outcome:
    """What a "no" is worth: the last request decides, unless one before it may have put something out."""
    if not is_watched:
        return Unknown(reason="the service did not say yes; nobody knows what it took")
    if not seen:
        return Refused(reason=NOTHING)
    *before, last = map(_of_request, seen)
    if any(isinstance(one, Sent | Unknown) for one in before) or isinstance(last, Sent):
        return Unknown(reason="the service took a part of it and did not say yes")
    return last


def _of_silence(seen: Sequence[Seen], error: Exception) -> Outcome:
    """A plug-in that broke: over an answer it did not expect, or before it asked for anything."""
    if not seen:
        return Refused(reason=NOTHING) if isinstance(error, TypeError) else answers.of_failure(error)
    return Unknown(reason=f"the service's answer was not understood ({type(error).__name__})")


def _of_request(seen: Seen) -> Outcome:
    if isinstance(seen, requests.RequestException):
        return answers.of_failure(seen)
    if seen.ok:
        return Sent()
    wait = seen.headers.get("Retry-After", "")
    until = datetime.now(UTC) + timedelta(seconds=int(wait)) if wait.isdigit() else None
    return answers.of_status(seen.status_code, seen.text.strip()[:300] or str(seen.reason), until)
