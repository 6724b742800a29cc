"""Connecting an account, or connecting it again: through the network's own page and back, or by keys that are pasted.

What is needed between leaving and coming back stays here, sealed, for ten minutes. Its name, the state, is good once and only
in the session and for the person that it was made for. An account is kept when its network has said that it can post, and
not before; one that is connected again keeps its channel, with its queue, slots and rules.
"""

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.core.cache import cache

from dispatch import vault
from dispatch.accounts.models import User
from dispatch.social import admitting, channels, doors
from dispatch.social.doors.base import Begun, Door, Identity, No, Paste, SignIn
from dispatch.social.models import Channel
from dispatch.social.networks.answers import UNREADABLE

GOOD_FOR = 600
"""Seconds between leaving and coming back."""
NOTHING = "Nothing was connected."
OVER = (
    "This way back is over: it was used already, took more than ten minutes, or began in another session. "
    f"{NOTHING} Begin again here, and stay in this browser."
)
NOT_ITS_OWN = {"invalid_scope", "unauthorized_scope_error"}
"""What is said of a permission that a program was not given: RFC 6749 section 4.1.2.1, and LinkedIn."""
SHAPE = (*UNREADABLE, IndexError)
"""What reading an answer raises that is not in the documented shape."""


@dataclass(frozen=True)
class Visitor:
    """Who connects, and in which session: nobody else may finish what they began."""

    user: User
    session: str = field(repr=False)


@dataclass(frozen=True)
class Wish:
    """What is to become of it: a new channel of this name and for these articles, or one that is connected again."""

    name: str = ""
    languages: Sequence[str] = ()
    topics: Sequence[str] = ()
    channel: int | None = None


@dataclass(frozen=True)
class Choice:
    """Several accounts may be posted to; `token` is good once, as the state was."""

    token: str = field(repr=False)
    names: tuple[str, ...]


def again(channel: Channel) -> list[Door]:
    """By which it may be connected again: those for its kind of account, as far as anybody knows which that is."""
    every = doors.to(channel.network)
    if not any(door.way.accounts for door in every):
        return every
    name = channel.identity or channels.opened(channel).get("author", "")
    return [door for door in every if name.startswith(door.way.accounts)] or every


def begin(door: SignIn, asked: Mapping[str, str], wish: Wish, redirect: str, who: Visitor) -> str:
    """The address at the network where the person says yes. Raises No: nothing was begun."""
    state = secrets.token_urlsafe(32)
    begun: Begun = _understood(lambda: door.begin(asked, redirect, state), door)
    kept = {"door": door.way.name, "redirect": redirect, "kept": dict(begun.kept)}
    _keep(f"out {door.way.network}", state, kept | {"wish": asdict(wish)}, who)
    return begun.url


def finish(network: str, said: Mapping[str, str], who: Visitor) -> Channel | Choice:
    """What came back with them. Raises No: nothing was connected."""
    kept = _take(f"out {network}", said.get("state", ""), who)
    if kept is None:
        raise No(OVER)
    wish = Wish(**kept["wish"])
    try:
        return _finish(network, said, kept, wish, who)
    except No as error:
        error.channel = wish.channel
        raise


def _finish(
    network: str, said: Mapping[str, str], kept: Mapping[str, Any], wish: Wish, who: Visitor
) -> Channel | Choice:
    if said.get("error") or not said.get("code"):
        raise No(_denied(network, said))
    door = doors.get(network, str(kept["door"]))
    if not isinstance(door, SignIn):  # begun under another version of Dispatch
        raise No(OVER)
    found: list[Identity] = _understood(lambda: door.finish(said, kept["kept"], str(kept["redirect"])), door)
    if wish.channel:  # the account is known; another one is refused in its own words
        found = [one for one in found if admitting.is_of(wish.channel, one)] or found[:1]
    if len(found) == 1:
        return admitting.keep(network, found[0], wish, who.user)
    token = secrets.token_urlsafe(32)
    _keep(f"choice {network}", token, {"wish": asdict(wish), "found": [_packed(one) for one in found]}, who)
    return Choice(token, tuple(one.account for one in found))


def names(network: str, token: str, who: Visitor) -> list[str]:
    """What may be chosen from, once more; empty: that is over."""
    kept = _look(f"choice {network}", token, who)
    return [str(one["account"]) for one in kept["found"]] if kept else []


def choose(network: str, token: str, number: int, who: Visitor) -> Channel:
    """One of several. Raises No: nothing was connected."""
    kept = _look(f"choice {network}", token, who)
    if kept and not 0 <= number < len(kept["found"]):
        raise No(f"Choose one of the accounts. {NOTHING}")
    kept = _take(f"choice {network}", token, who)
    if kept is None:
        raise No(OVER)
    return admitting.keep(network, _unpacked(kept["found"][number]), Wish(**kept["wish"]), who.user)


def paste(door: Paste, given: Mapping[str, str], wish: Wish, by: User) -> Channel:
    """With keys. Raises No: nothing was connected."""
    missing = [one.label for one in door.way.fields if one.required and not given.get(one.name, "").strip()]
    if missing:
        raise No(f"Missing: {', '.join(missing)}. {NOTHING}")
    clean = {one.name: given.get(one.name, "").strip() for one in door.way.fields}
    return admitting.keep(door.way.network, _understood(lambda: door.check(clean), door), wish, by)


def _understood(ask: Any, door: Door) -> Any:
    try:
        return ask()
    except No as error:
        raise No(_with_nothing(str(error))) from error
    except SHAPE as error:
        label = doors.label(door.way.network)
        raise No(f"{label} answers in a way that is not understood. {NOTHING} Try again later.") from error


def _with_nothing(words: str) -> str:
    """Whatever went wrong, it did not go half way."""
    end = "" if words.endswith((".", "?")) else "."
    return words if "Nothing was" in words else f"{words}{end} {NOTHING}"


def _denied(network: str, said: Mapping[str, str]) -> str:
    """RFC 6749 section 4.1.2.1."""
    label, error = doors.label(network), said.get("error", "")
    if error == "access_denied":
        return f"You said no at {label}, or it did. {NOTHING}"
    words = (said.get("error_description") or error or "no code came back")[:200].rstrip(".")
    if error in NOT_ITS_OWN:
        return f"{label} says: {words}. Give the newsroom's program there all that this way's page asks for. {NOTHING}"
    return f"{label} says: {words}. {NOTHING}"


def _keep(kind: str, name: str, what: Mapping[str, Any], who: Visitor) -> None:
    sealed = vault.seal(json.dumps(what), f"connecting:{kind}:{_bound(who)}")
    cache.set(f"connecting {kind} {name}", base64.b64encode(sealed).decode(), GOOD_FOR)


def _look(kind: str, name: str, who: Visitor) -> dict[str, Any] | None:
    """None: there is nothing of that name, or it is somebody else's, or of another session."""
    sealed = cache.get(f"connecting {kind} {name}") if name else None
    if sealed is None:
        return None
    try:
        opened = vault.unseal(base64.b64decode(sealed), f"connecting:{kind}:{_bound(who)}")
    except vault.Unreadable:
        return None
    found: dict[str, Any] = json.loads(opened)
    return found


def _take(kind: str, name: str, who: Visitor) -> dict[str, Any] | None:
    """The same, once: of two who come at the same moment, one."""
    found = _look(kind, name, who)
    return found if found is not None and cache.delete(f"connecting {kind} {name}") else None


def _bound(who: Visitor) -> str:
    return vault.mac("connecting", f"{who.user.pk} {who.session}".encode()).hex()


def _packed(one: Identity) -> dict[str, Any]:
    ends = one.expires_at.isoformat() if one.expires_at else None
    return {**asdict(one), "credentials": dict(one.credentials), "expires_at": ends}


def _unpacked(said: Mapping[str, Any]) -> Identity:
    ends = said["expires_at"]
    return Identity(**{**said, "expires_at": datetime.fromisoformat(ends) if ends else None})
