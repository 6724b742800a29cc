"""E-mail addresses: a strict grammar, one spelling each, and the mailbox provider behind them.

Libraries cut a malformed recipient silently ("b@b, c@c" becomes "b@b"), which mails a stranger. So nothing that is not
plainly one address gets past here: no quoting, no comments, no white space, no separators (RFC 5321 section 4.1.2 without
quoted strings; RFC 6531 letters allowed).
"""

import enum
import functools
import re
import unicodedata

import idna
from django.conf import settings

LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.UNICODE)
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
LONGEST, LONGEST_LOCAL = 254, 64  # RFC 5321 section 4.5.3.1, in octets


class Malformed(ValueError):
    """Not plainly one address; the text says what is wrong without repeating the address."""


class ProviderClass(enum.IntEnum):
    """Who takes the mail in; chunks and throttles go by it."""

    OTHER = 0
    GMAIL = 1
    MICROSOFT = 2
    YAHOO = 3
    APPLE = 4
    MAILRU = 5
    YANDEX = 6
    BELARUS = 7  # mailboxes hosted at home, where readers are at risk
    PROTON = 8


DOMAINS = {
    ProviderClass.GMAIL: ("gmail.com", "googlemail.com"),
    ProviderClass.MICROSOFT: ("outlook.com", "hotmail.com", "live.com", "msn.com"),
    ProviderClass.YAHOO: ("yahoo.com", "ymail.com", "rocketmail.com", "aol.com"),
    ProviderClass.APPLE: ("icloud.com", "me.com", "mac.com"),
    ProviderClass.MAILRU: ("mail.ru", "bk.ru", "inbox.ru", "list.ru", "internet.ru"),
    ProviderClass.YANDEX: ("yandex.ru", "ya.ru", "yandex.com", "yandex.by", "yandex.kz"),
    ProviderClass.BELARUS: ("tut.by", "mail.by", "open.by", "by"),
    ProviderClass.PROTON: ("proton.me", "protonmail.com", "pm.me"),
}
CLASS_OF = {domain: provider for provider, domains in DOMAINS.items() for domain in domains}


def parse(text: str) -> str:
    """The address in its one spelling: NFC, domain in lower-case A-labels. Raises Malformed."""
    address = unicodedata.normalize("NFC", text.strip())
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise Malformed("an address has a name, an @ and a domain")
    if not LOCAL.fullmatch(local):
        raise Malformed("the part before the @ has a character or a dot where none may be")
    host = _host(domain)
    if len(local.encode()) > LONGEST_LOCAL or len(local.encode()) + 1 + len(host) > LONGEST:
        raise Malformed("it is longer than an address may be")
    return f"{local}@{host}"


def unique_form(address: str) -> str:
    """What makes two spellings one reader: the parsed address without regard to upper and lower case."""
    return address.casefold()


def provider_class(address: str) -> ProviderClass:
    """By the domain, its parents included (every .by is hosted at home)."""
    domain = address.rpartition("@")[2]
    while domain:
        if domain in CLASS_OF:
            return CLASS_OF[domain]
        domain = domain.partition(".")[2]
    return ProviderClass.OTHER


def is_risky(address: str) -> bool:
    """Whether its mailbox is with a provider on the newsroom's list, by the domain or a parent of it."""
    domain = address.rpartition("@")[2].strip().lower()
    return any(domain == risky or domain.endswith(f".{risky}") for risky in settings.RISKY_PROVIDERS)


@functools.lru_cache(maxsize=4096)  # a list has few domains and many readers
def _host(domain: str) -> str:
    try:
        host = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise Malformed("the domain cannot be written in letters that mail servers take") from error
    labels = host.split(".")
    if len(labels) < 2 or not all(LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise Malformed("the domain is not one (like example.org)")
    return host
