"""Mailboxes that undeliverable mail and complaints come to: asked each minute by IMAP (RFC 9051) over TLS.

A message is marked only after what it says was committed: whatever dies in between, it is read again, and counts once. One
whose reading fails is flagged there and stays unseen: it is looked at no more until somebody takes the flag away (`again`),
and meanwhile keeps nobody from those behind it.
"""

import contextlib
import imaplib
import logging
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.db import Error
from django.db.models import Q
from django.utils import timezone

from dispatch import hands, vault
from dispatch.accounts import audit
from dispatch.delivery.bounces import ears, reading, recording
from dispatch.delivery.models import Mailbox
from dispatch.delivery.reports import recording as reports
from dispatch.delivery.reports import unpacking

log = logging.getLogger(__name__)
EVERY = timedelta(minutes=1)
LEASE = timedelta(minutes=10)
"""After which a worker that asks is dead."""
AT_ONCE = 500
"""Messages of one visit; the next minute has the next."""
LARGEST = 4 * 1024 * 1024
"""Bytes of a mail that carries a report."""
PATIENCE = 30
"""Seconds for each answer of the server."""
AFTERWARDS = {"seen", "delete"}
NEW, ASIDE = "UNSEEN UNFLAGGED", "UNSEEN FLAGGED"
PORTS = {"imaps": 993, "imap": 143}


class Unusable(ValueError):
    """The address cannot be used; the text says why."""


OUT_OF_REACH = (OSError, imaplib.IMAP4.error, vault.Unreadable, Unusable)
"""What says that a mailbox cannot be read now; `words` has the words."""


@dataclass(frozen=True)
class Place:
    """Where it is, and who is let in."""

    host: str
    port: int
    user: str
    password: str
    folder: str
    starttls: bool
    cafile: str | None
    deletes: bool


def parse(url: str) -> Place:
    """imaps://user:password@host:993/INBOX?after=seen|delete&cafile=…; imap:// is STARTTLS. Raises Unusable."""
    parts, options = urlsplit(url), dict(parse_qsl(urlsplit(url).query))
    if parts.scheme not in PORTS:
        raise Unusable("it begins with imaps://, or with imap:// where STARTTLS is spoken")
    if not parts.hostname or not parts.username or not parts.password:
        raise Unusable("it needs a user, a password and a host: imaps://user:password@host/INBOX")
    if unknown := set(options) - {"after", "cafile"}:
        raise Unusable(f"there is no option {', '.join(sorted(unknown))}; there are after and cafile")
    if options.get("after", "seen") not in AFTERWARDS:
        raise Unusable("after is seen or delete")
    try:
        port = parts.port or PORTS[parts.scheme]
    except ValueError as error:
        raise Unusable("the port is no number") from error
    return Place(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username),
        password=unquote(parts.password),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        starttls=parts.scheme == "imap",
        cafile=options.get("cafile"),
        deletes=options.get("after") == "delete",
    )


def save(name: str, url: str) -> Mailbox:
    """Add a mailbox, or change its address. Raises Unusable."""
    parse(url)
    sealed = vault.seal(url, f"mailbox:{name}:url")
    fresh = {"url": sealed, "active": True, "trouble": "", "asked_at": None}
    mailbox, _ = Mailbox.objects.update_or_create(
        name=name, defaults=fresh, create_defaults=fresh | {"read_at": timezone.now()}
    )
    audit.record(None, "mailbox.save", f"mailbox:{name}")
    return mailbox


def turn_off(name: str) -> bool:
    """Ask it no more. False: there is none."""
    found = Mailbox.objects.filter(name=name).update(active=False)
    if found:
        audit.record(None, "mailbox.off", f"mailbox:{name}")
    return bool(found)


def due() -> list[int]:
    """Those that a worker should ask now."""
    now = timezone.now()
    waits = Q(asked_at__isnull=True) | Q(asked_at__lt=now - EVERY)
    free = Q(asking_since__isnull=True) | Q(asking_since__lt=now - LEASE)
    return list(Mailbox.objects.filter(waits, free, active=True).values_list("pk", flat=True))


def ask(number: int) -> int:
    """Take what is new. How many messages. Rung twice, late or in vain: no harm."""
    now = timezone.now()
    free = Q(asking_since__isnull=True) | Q(asking_since__lt=now - LEASE)
    if not Mailbox.objects.filter(free, pk=number, active=True).update(asking_since=now):
        return 0
    mailbox, taken, trouble = Mailbox.objects.get(pk=number), 0, "it was not read to its end"
    try:
        (taken, mailbox.aside), trouble = _take_all(mailbox), ""
    except OUT_OF_REACH as problem:
        trouble = words(problem)
        log.warning("a mailbox cannot be read", extra={"mailbox": mailbox.name, "code": type(problem).__name__})
    finally:
        asked = timezone.now()
        ours = Mailbox.objects.filter(pk=number, asking_since=now)
        read_at = mailbox.read_at if trouble else asked
        ours.update(asking_since=None, asked_at=asked, trouble=trouble, read_at=read_at, aside=mailbox.aside)
    return taken


def knock(mailbox: Mailbox) -> str:
    """Why it cannot be read; empty where it can. Nothing is taken."""
    try:
        with _opened(_place(mailbox)):
            return ""
    except OUT_OF_REACH as problem:
        return words(problem)


def again(mailbox: Mailbox) -> int:
    """Let what was set aside be read once more, at the next visit. How many. Raises what `knock` tells of."""
    with _opened(_place(mailbox)) as session:
        numbers = _found(session, ASIDE)
        for number in numbers:
            _answer(session.uid("STORE", number, "-FLAGS.SILENT", r"(\Flagged)"))
    audit.record(None, "mailbox.again", f"mailbox:{mailbox.name}")
    return len(numbers)


def words(problem: Exception) -> str:
    """Of ours: a server's reply may quote the user."""
    match problem:
        case ssl.SSLCertVerificationError():
            return "its certificate is not trusted"
        case OSError():
            return f"no connection ({problem.strerror or type(problem).__name__})"
        case imaplib.IMAP4.abort():
            return "it hung up"
        case imaplib.IMAP4.error():
            return "it does not let us in, or has no such folder"
        case _:
            return "its address cannot be opened with the keys at hand"


def _take_all(mailbox: Mailbox) -> tuple[int, int]:
    """How many were taken, and how many are set aside."""
    place = _place(mailbox)
    heard = refused = 0
    with _opened(place) as session:
        for number in _found(session, NEW)[:AT_ONCE]:
            hands.advance()
            is_ours = _take(session, number, deletes=place.deletes)
            heard, refused = heard + (is_ours is True), refused + (is_ours is False)
        if place.deletes and heard:
            _answer(session.expunge())
        aside = len(_found(session, ASIDE))
    if heard or refused:
        ears.note(f"mailbox:{mailbox.name}", heard=heard, refused=refused)
    return heard + refused, aside


def _found(session: imaplib.IMAP4, which: str) -> list[str]:
    said = _answer(session.uid("SEARCH", which))[0] or b""
    return said.decode().split() if isinstance(said, bytes) else []


def _take(session: imaplib.IMAP4, number: str, *, deletes: bool) -> bool | None:
    """One message. Whether it spoke of a letter of ours; None: it is gone, or set aside."""
    raw = _fetched(session, number, reading.LARGEST)
    if raw is None:
        return None
    try:
        is_ours = _recorded(session, number, raw)
    except Error:
        raise
    except Exception as problem:  # noqa: BLE001 - one that hurts must not hide those behind it
        log.error("a returned mail cannot be read and is set aside", extra={"code": type(problem).__name__})  # noqa: TRY400 - a traceback could quote it
        _answer(session.uid("STORE", number, "+FLAGS.SILENT", r"(\Flagged)"))
        return None
    flags = r"(\Seen \Deleted)" if deletes and is_ours else r"(\Seen)"
    _answer(session.uid("STORE", number, "+FLAGS.SILENT", flags))
    return is_ours


def _recorded(session: imaplib.IMAP4, number: str, raw: bytes) -> bool:
    """Of a letter of ours, or a report about a domain of ours, which is fetched to its end."""
    if recording.take(raw) is not None:
        return True
    if not unpacking.might_be(raw):
        return False
    whole = _fetched(session, number, LARGEST) if len(raw) >= reading.LARGEST else raw
    return bool(whole and reports.take(whole))


def _fetched(session: imaplib.IMAP4, number: str, most: int) -> bytes | None:
    found = _answer(session.uid("FETCH", number, f"(BODY.PEEK[]<0.{most}>)"))
    return next((part[1] for part in found if isinstance(part, tuple)), None)


@contextlib.contextmanager
def _opened(place: Place) -> Iterator[imaplib.IMAP4]:
    context = ssl.create_default_context(cafile=place.cafile)
    if place.starttls:
        session = imaplib.IMAP4(place.host, place.port, timeout=PATIENCE)
    else:
        session = imaplib.IMAP4_SSL(place.host, place.port, ssl_context=context, timeout=PATIENCE)
    try:
        if place.starttls:
            _answer(session.starttls(context))
        _answer(session.login(place.user, place.password))
        _answer(session.select(f'"{place.folder}"'))
        yield session
    finally:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            session.logout()
        with contextlib.suppress(OSError):  # a line that broke is not closed by it
            session.shutdown()


def _answer(said: tuple[str, Sequence[Any]]) -> Sequence[Any]:
    status, data = said
    if status != "OK":
        raise imaplib.IMAP4.error(status)
    return data


def _place(mailbox: Mailbox) -> Place:
    return parse(vault.unseal(bytes(mailbox.url), f"mailbox:{mailbox.name}:url"))
