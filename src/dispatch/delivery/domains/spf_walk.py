"""What a domain's SPF record says of one address: check_host of RFC 7208 section 4, with its limits."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from dispatch.delivery.domains import asking, macros

MOST, MOST_VOID, MOST_EXCHANGERS = 10, 2, 10
"""Of section 4.6.4: terms that ask the DNS, questions without an answer, hosts of one mx."""
RESULTS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
TERM = re.compile(
    r"([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?:[:](\S+?))?((?:/\d{1,3})?(?://\d{1,3})?)", re.IGNORECASE
)
MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(\S*)", re.IGNORECASE)


class Broken(Exception):
    """The record is one that receivers give up on (permerror); the text says why."""


@dataclass
class Walk:
    """One reading for one address; counts what it asks."""

    address: str
    sender_domain: str
    lookups: int = 0
    voids: int = 0
    names: list[str] = field(default_factory=list)

    def result(self, domain: str) -> str:
        """pass, fail, softfail, neutral, or none: there is no record. Raises Broken and asking.Silent."""
        found = record_of(domain)
        if found is None:
            return "none"
        redirect = ""
        for word in found.split()[1:]:
            if modifier := MODIFIER.fullmatch(word):
                redirect = modifier[2] if modifier[1].lower() == "redirect" else redirect
                continue
            term = TERM.fullmatch(word)
            if term is None:
                raise Broken(f"“{word}” in the record of {domain} is not understood")
            if self._matches(term, domain):
                return RESULTS[term[1] or "+"]
        return self._redirected(redirect, domain) if redirect else "neutral"

    def _redirected(self, redirect: str, domain: str) -> str:
        target = self._name(redirect, domain)
        self._ask()
        said = self.result(target)
        if said == "none":
            raise Broken(f"{target}, which it redirects to, has no SPF record")
        return said

    def _matches(self, term: re.Match[str], domain: str) -> bool:
        kind, spec, length = term[2].lower(), term[3] or "", term[4]
        if kind in {"all", "ip4", "ip6"}:
            return kind == "all" or self._is_within(f"{spec}{length}")
        target = self._name(spec, domain) if spec else domain
        self._ask()
        if kind == "include":
            self.names.append(target.lower())
            said = self.result(target)
            if said == "none":
                raise Broken(f"{target}, which it includes, has no SPF record")
            return said == "pass"
        if kind == "ptr":
            return self._is_called(target)
        return any(self._is_near(one, length) for one in self._hosts(kind, target)) or (
            kind == "exists" and bool(self._seen(asking.fours(target)))
        )

    def _hosts(self, kind: str, target: str) -> Iterator[str]:
        if kind == "a":
            yield from self._seen(asking.addresses(target))
        elif kind == "mx":
            hosts = self._seen(asking.exchangers(target))
            if len(hosts) > MOST_EXCHANGERS:
                raise Broken(f"{target} has more than {MOST_EXCHANGERS} mail hosts, and mx asks for each")
            for host in hosts:
                yield from asking.addresses(host)

    def _is_called(self, target: str) -> bool:
        named = (name for name in asking.pointers(self.address) if f".{name}".endswith(f".{target.lower()}"))
        return any(self.address in asking.addresses(name) for name in named)

    def _is_near(self, other: str, length: str) -> bool:
        four, _, six = length.partition("//")
        is_six = ":" in other
        bits = six or "128" if is_six else four.strip("/") or "32"
        return self._is_within(f"{other}/{bits}")

    def _is_within(self, network: str) -> bool:
        try:
            return ipaddress.ip_address(self.address) in ipaddress.ip_network(network, strict=False)
        except ValueError as problem:
            raise Broken(f"“{network}” is no address") from problem

    def _name(self, spec: str, domain: str) -> str:
        return macros.expanded(spec, self.address, domain, self.sender_domain)

    def _ask(self) -> None:
        self.lookups += 1
        if self.lookups > MOST:
            raise Broken(f"it makes receivers ask more than {MOST} times, and they stop there")

    def _seen(self, found: list[str]) -> list[str]:
        self.voids += not found
        if self.voids > MOST_VOID:
            raise Broken(f"more than {MOST_VOID} of the names in it lead nowhere")
        return found


def record_of(domain: str) -> str | None:
    """Its one SPF record. Raises Broken where there are several."""
    found = [text for text in asking.texts(domain) if text.lower().split(" ")[0] == "v=spf1"]
    if len(found) > 1:
        raise Broken(f"{domain} has {len(found)} SPF records, so that receivers heed none (RFC 7208 section 4.5)")
    return found[0] if found else None
