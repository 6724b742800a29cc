"""Whatever Apprise can speak to, as plain text: Slack, Discord, Matrix, Signal, ntfy and a hundred more.

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
from dispatch.social.networks import answers, checking
from dispatch.social.networks.base import (
    TIMEOUT,
    Account,
    CannotTell,
    Draft,
    Health,
    Limits,
    Look,
    Prepared,
    Unsupported,
)

LONGEST = 2000
"""Characters, until the service was asked for its own number."""
ON_THIS_MACHINE = {"blink1", "dbus", "glib", "gnome", "macosx", "rsyslog", "syslog", "windows"}
"""Services that tell only whoever sits at it."""
LOGGER = logging.getLogger("apprise")
Seen = requests.Response | requests.RequestException
wire: ContextVar[list[Seen] | None] = ContextVar("wire", default=None)
"""What came of each request of the call that is under way."""


class Unusable(ValueError):
    """An address that Apprise does not take; the reason in words, without the address: it is a secret."""


class Apprise:
    """See Network. Credentials: url, an Apprise address such as slack://… or ntfy://…; `{server}` in it stands for the
    channel's server. Services that Apprise speaks to without the requests library can only be told yes or unknown."""

    name = "apprise"
    replays = False

    def limits(self, account: Account) -> Limits:
        """The service's own, as its plug-in knows it."""
        return Limits(longest=int(account.known.get("longest") or LONGEST), unit="characters")

    def count(self, text: str, account: Account) -> int:  # noqa: ARG002 - the contract's shape
        """Characters."""
        return len(text)

    def check(self, draft: Draft, account: Account) -> list[str]:
        """By its limits."""
        return checking.problems(draft, account, self.limits(account), self.count(draft.text, account))

    def prepare(self, draft: Draft, account: Account) -> Prepared:  # noqa: ARG002 - the contract's shape
        """Nothing goes there first."""
        return {}

    def publish(self, draft: Draft, account: Account) -> Outcome:
        """The plug-in's `notify`, once: Apprise's own retries are outside of it."""
        seen: list[Seen] = []
        token = wire.set(seen)
        try:
            plugin = _plugin(account)
            taken = bool(plugin.notify(body=draft.text, body_format="text"))
        except Unusable as error:
            return Refused(reason=str(error))
        except (requests.RequestException, OSError, *answers.UNREADABLE) as error:
            return _of_silence(seen, error)
        finally:
            wire.reset(token)
        return Sent() if taken else _of_no(seen, is_watched=_is_watched(plugin))

    def find(self, draft: Draft, account: Account) -> Look:  # noqa: ARG002 - the contract's shape
        """Apprise only sends."""
        return CannotTell("Apprise only sends; look there and decide")

    def edit(self, remote_id: str, draft: Draft, account: Account) -> Outcome | Unsupported:  # noqa: ARG002
        """Apprise only sends."""
        return Unsupported()

    def delete(self, remote_id: str, account: Account) -> Outcome | Unsupported:  # noqa: ARG002 - the contract's shape
        """Apprise only sends."""
        return Unsupported()

    def probe(self, account: Account) -> Health:
        """Whether Apprise takes the address. Only a message tells more."""
        try:
            plugin = _plugin(account)
        except Unusable as error:
            return Health(ok=False, words=str(error))
        known = {"longest": int(plugin.body_maxlen or LONGEST), "service": str(plugin.service_name)}
        return Health(
            ok=True, words=f"{known['service']}: the address is complete; only a message tells more", known=known
        )


def _plugin(account: Account) -> Any:
    """The service's plug-in, its time-outs ours, its redirects off, its requests watched. Raises Unusable."""
    apprise = _library()
    place = account.server.partition("://")[2].rstrip("/")
    address = account.credentials["url"].strip().replace("{server}", place)
    asset = apprise.AppriseAsset(storage_mode="memory", secure_logging=True, http_redirects=False)
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
        return Refused(reason="Apprise can make no message of this for the service")
    *before, last = map(_of_request, seen)
    if any(isinstance(one, Sent | Unknown) for one in before) or isinstance(last, Sent):
        return Unknown(reason="the service took a part of it and did not say yes")
    return last


def _of_silence(seen: Sequence[Seen], error: Exception) -> Outcome:
    """A plug-in that broke: over an answer it did not expect, or before it asked for anything."""
    if not seen:
        return answers.of_failure(error)
    return Unknown(reason=f"the service's answer was not understood ({type(error).__name__})")


def _of_request(seen: Seen) -> Outcome:
    if isinstance(seen, requests.RequestException):
        return answers.of_failure(seen)
    if seen.ok:
        return Sent()
    wait = seen.headers.get("Retry-After", "")
    until = datetime.now(UTC) + timedelta(seconds=int(wait)) if wait.isdigit() else None
    return answers.of_status(seen.status_code, seen.text.strip()[:300] or str(seen.reason), until)
