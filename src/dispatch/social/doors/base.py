"""A door to a network: how one of its accounts is connected, either by signing in there or by keys that are pasted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable


class No(Exception):
    """An account is not connected; the text says why, and what to do. It holds no secret."""

    channel: int | None = None  # the one that was to be connected again


@dataclass(frozen=True)
class Field:
    """What a person types in."""

    name: str
    label: str
    hint: str = ""
    kind: str = "text"  # or "password": shown as dots and never kept in a form
    required: bool = True


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to connect an account."""

    network: str  # as in networks.registry
    name: str  # in addresses: "oauth", "password"
    label: str  # "Sign in at X"
    words: str  # what happens, and what is needed for it
    fields: tuple[Field, ...] = ()
    registers: tuple[Field, ...] = ()  # what an operator enters once: the newsroom's own program there; empty: none
    app: str = ""  # which of the newsroom's programs there, where no single one may do for every way
    accounts: str = ""  # how the network's names of the accounts begin that this way is for; empty: for any
    scopes: str = ""  # what that program is to be allowed
    guide: str = ""  # where at the network it is made

    @property
    def place(self) -> str:
        """Where its program is kept (programs.find)."""
        return f"{self.network} {self.app}".strip()


@dataclass(frozen=True, kw_only=True)
class Identity:
    """An account that may be connected, with what it takes to post to it."""

    key: str  # the network's own, lasting name of it; empty: nobody says
    account: str  # as people, and the network's module, know it
    credentials: Mapping[str, str] = field(repr=False)
    server: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Begun:
    """Where a person signs in, and what is needed when they come back."""

    url: str = field(repr=False)
    kept: Mapping[str, str] = field(repr=False)


class Door(Protocol):
    """Either kind."""

    way: Way


@runtime_checkable
class SignIn(Protocol):
    """A door that leads through the network's own page (RFC 6749 section 4.1, with RFC 7636)."""

    way: Way

    def begin(self, asked: Mapping[str, str], redirect: str, state: str) -> Begun:
        """Raises No."""
        ...

    def finish(self, said: Mapping[str, str], kept: Mapping[str, str], redirect: str) -> list[Identity]:
        """The accounts that this person may post to, from what the network's page sent back with them. Raises No."""
        ...


@runtime_checkable
class Paste(Protocol):
    """A door that takes keys."""

    way: Way

    def check(self, given: Mapping[str, str]) -> Identity:
        """Raises No."""
        ...
