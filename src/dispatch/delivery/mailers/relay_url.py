"""A relay's address: smtp://user:password@host:587?security=starttls, smtps://…; every option of docs/relays.md."""

import dataclasses
import ipaddress
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from dispatch.delivery.mailers import dane, signing_in
from dispatch.delivery.mailers.dialling import Patience, Relay

PORTS = {"smtp": 587, "smtps": 465}
SECURITY = ("starttls", "tls", "none")
WAITS = {f"wait_{field.name}": field.name for field in dataclasses.fields(Patience)}
WORDS = ("security", "cafile", "auth", "password_file", "helo", "dane")
NUMBERS = ("connections", "messages", "seconds")
OPTIONS = (*WORDS, *NUMBERS, "requiretls", *WAITS)


class Unusable(ValueError):
    """A relay's address cannot be understood; the text says what is wrong."""


def parse(url: str) -> Relay:
    """Raises Unusable."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    if not parts.hostname:
        raise Unusable("it names no host")
    if unknown := sorted(options.keys() - set(OPTIONS)):
        raise Unusable(f"there is no option {unknown[0]}; known are {', '.join(OPTIONS)}")
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"} or "." not in parts.hostname
    security = options.get("security", "tls" if parts.scheme == "smtps" else "none" if local else "starttls")
    relay = Relay(
        host=parts.hostname,
        port=_port(parts),
        security=security,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        requiretls=options.get("requiretls", "no") == "yes",
        patience=Patience(**{WAITS[name]: number(name, options[name]) for name in WAITS if name in options}),
        **_given(options),
    )
    _judge(relay, is_local=local)
    return relay


def is_address(host: str) -> bool:
    """Of IPv4 or IPv6, and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _given(options: dict[str, str]) -> dict[str, Any]:
    words: dict[str, Any] = {name: options[name] for name in WORDS if name in options and name != "security"}
    return words | {name: int(number(name, options[name])) for name in NUMBERS if name in options}


def _judge(relay: Relay, *, is_local: bool) -> None:
    if relay.security not in SECURITY:
        raise Unusable(f"security is one of {', '.join(SECURITY)}")
    if relay.security == "none" and (relay.password or relay.password_file) and not is_local:
        raise Unusable("a password is not sent over an open connection; use security=starttls")
    if relay.auth and relay.auth.upper() not in signing_in.MECHANISMS:
        raise Unusable(f"auth is one of {', '.join(signing_in.MECHANISMS)}")
    if relay.requiretls and relay.security == "none":
        raise Unusable("requiretls needs a connection that is encrypted itself")
    _judge_dane(relay)
    if relay.connections < 1 or relay.messages < 1:
        raise Unusable("there is at least one connection, and it carries at least one message")


def _judge_dane(relay: Relay) -> None:
    if relay.dane not in dane.WISHES:
        raise Unusable(f"dane is one of {', '.join(dane.WISHES)}")
    if relay.dane == "no":
        return
    if relay.security == "none":
        raise Unusable("dane needs a connection that is encrypted; use security=starttls or security=tls")
    if relay.cafile:
        raise Unusable("cafile and dane both say whom to trust; use one of them")
    if is_address(relay.host):
        raise Unusable("dane needs the relay's name, not its address: the DNS is asked for that")


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or PORTS[parts.scheme]
    except ValueError as error:
        raise Unusable("the port is not a number") from error


def number(name: str, text: str) -> float:
    """An option's. Raises Unusable."""
    try:
        found = float(text)
    except ValueError as error:
        raise Unusable(f"{name} is not a number") from error
    if not 0 < found < 1e6:
        raise Unusable(f"{name} is not between 0 and a million")
    return found
