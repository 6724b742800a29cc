"""The demo's inbox: every letter its SMTP receiver took, in one SQLite file.

A letter is a row once for each recipient, as it would lie in as many mailboxes. What is counted here is what arrived, and
owes nothing to the ledger.
"""

import base64
import contextlib
import functools
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from dispatch import env

SCHEMA = """
CREATE TABLE IF NOT EXISTS letters (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL, subject TEXT NOT NULL,
    newsletter TEXT NOT NULL, edition TEXT NOT NULL, language TEXT NOT NULL, size INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sources (id INTEGER PRIMARY KEY, raw BLOB NOT NULL);
"""
COLUMNS = "id, at, sender, recipient, subject, newsletter, edition, language, size"
SUBJECT = re.compile(rb"^Subject:[ \t]*((?:[^\r\n]|\r\n[ \t])*)", re.IGNORECASE | re.MULTILINE)
LIST = re.compile(rb"^List-Id:[^<\r\n]*<([\w-]+)", re.IGNORECASE | re.MULTILINE)
EDITION = re.compile(rb"/e/([\w-]{8,24})/[a-z]{2}")
LANGUAGE = re.compile(rb"<html[^>]*?\blang=3D\"([A-Za-z-]{2,12})\"")


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail in one mailbox, as the list shows it."""

    number: int
    at: float  # Unix time
    sender: str  # of the envelope
    recipient: str  # of the envelope
    subject: str
    newsletter: str  # the slug that List-Id names
    edition: str  # the public id that its web view's address names
    language: str  # of its HTML
    size: int  # bytes

    @property
    def received(self) -> datetime:
        """When, for people."""
        return datetime.fromtimestamp(self.at, UTC)


@dataclass(frozen=True)
class Arrived:
    """A message as the receiver took it."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes


@dataclass(frozen=True)
class Wanted:
    """What a list of letters is narrowed to; empty: all."""

    words: str = ""  # in the subject or the recipient's address
    newsletter: str = ""
    language: str = ""


def path() -> Path:
    """Where this instance's inbox is kept."""
    return env.data_dir() / "inbox.sqlite3"


class Keeper:
    """The one writer. What `keep` returned from survives a kill of this process."""

    def __init__(self, file: Path) -> None:
        self.store = sqlite3.connect(file, isolation_level=None)
        # A killed process loses nothing that was committed; only a machine that loses power would.
        self.store.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; {SCHEMA}")
        self.last: int = self.store.execute("SELECT coalesce(max(id), 0) FROM letters").fetchone()[0]

    def keep(self, arrived: Iterable[Arrived]) -> None:
        """Store several messages in one transaction. Raises sqlite3.Error; then none of them is stored."""
        letters, sources = [], []
        number, now = self.last, time.time()
        for message in arrived:
            described = describe(message.raw)
            for recipient in message.recipients:
                number += 1
                letters.append((number, now, message.sender, recipient, *described, len(message.raw)))
                sources.append((number, message.raw))
        with self._transaction():
            self.store.executemany(f"INSERT INTO letters ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?)", letters)  # noqa: S608
            self.store.executemany("INSERT INTO sources VALUES (?,?)", sources)
        self.last = number

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self.store.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.store.execute("COMMIT")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                self.store.execute("ROLLBACK")
            raise


def describe(raw: bytes) -> tuple[str, str, str, str]:
    """Subject, newsletter, edition and language of a message of ours, each empty where it does not say.

    Found by pattern in the encoded message: to parse and decode each one would cost more than to receive it.
    """
    head = raw[: raw.find(b"\r\n\r\n") + 2]
    flat = raw.replace(b"=\r\n", b"")  # quoted-printable's soft line breaks may part what is looked for
    subject = SUBJECT.search(head)
    return _decoded(subject[1] if subject else b""), _first(LIST, head), _first(EDITION, flat), _first(LANGUAGE, flat)


def letters(wanted: Wanted, *, before: int = 0, limit: int = 50) -> list[Letter]:
    """The newest first, older than number `before` where that is given."""
    condition, values = _condition(wanted)
    if before:
        condition, values = f"{condition} AND id < ?", [*values, before]
    found = _ask(f"SELECT {COLUMNS} FROM letters WHERE {condition} ORDER BY id DESC LIMIT ?", [*values, limit])  # noqa: S608
    return [Letter(*row) for row in found]


def count(wanted: Wanted = Wanted()) -> int:
    """How many letters there are."""
    condition, values = _condition(wanted)
    found = _ask(f"SELECT count(*) FROM letters WHERE {condition}", values)  # noqa: S608 - the parts are ours
    return int(found[0][0]) if found else 0


def everything() -> list[Letter]:
    """Each letter, the oldest first, for counting."""
    return [Letter(*row) for row in _ask(f"SELECT {COLUMNS} FROM letters ORDER BY id", [])]  # noqa: S608


def choices(column: str) -> list[str]:
    """The newsletters or languages that there are letters of."""
    assert column in {"newsletter", "language"}
    return [row[0] for row in _ask(f"SELECT DISTINCT {column} FROM letters WHERE {column} <> '' ORDER BY 1", [])]  # noqa: S608


def letter(number: int) -> tuple[Letter, bytes] | None:
    """One letter and its source."""
    found = _ask(f"SELECT {COLUMNS}, raw FROM letters JOIN sources USING (id) WHERE id = ?", [number])  # noqa: S608
    return (Letter(*found[0][:-1]), found[0][-1]) if found else None


def parsed(raw: bytes) -> EmailMessage:
    """The message, by the standard library's parser."""
    return message_from_bytes(raw, policy=policy.default)


def body(message: EmailMessage, kind: str) -> str:
    """Its "html" or "plain" text, with the pictures that it holds; empty where it has none."""
    part = message.get_body((kind,))
    text = str(part.get_content()) if part else ""
    for held in (one for one in message.walk() if one["Content-ID"] and f"cid:{one['Content-ID'][1:-1]}" in text):
        content = base64.b64encode(held.get_content()).decode()
        text = text.replace(f"cid:{held['Content-ID'][1:-1]}", f"data:{held.get_content_type()};base64,{content}")
    return text


def _condition(wanted: Wanted) -> tuple[str, list[object]]:
    """SQL that is true of what is wanted. SQLite folds the case of ASCII letters only; so a subject is matched twice."""
    parts: list[tuple[str, list[object]]] = [("true", [])]
    if wanted.words:
        spellings = {wanted.words, wanted.words.lower(), wanted.words.capitalize()}
        patterns: list[object] = [f"%{spelling}%" for spelling in sorted(spellings) for _ in range(2)]
        either = " OR ".join("subject LIKE ? OR recipient LIKE ?" for _ in spellings)
        parts.append((f"({either})", patterns))
    if wanted.newsletter:
        parts.append(("newsletter = ?", [wanted.newsletter]))
    if wanted.language:
        parts.append(("language = ?", [wanted.language]))
    return " AND ".join(sql for sql, _ in parts), [value for _, values in parts for value in values]


def _ask(sql: str, values: list[object]) -> list[Any]:
    """Rows; none where nothing has been received yet."""
    if not path().exists():
        return []
    with contextlib.closing(sqlite3.connect(f"{path().as_uri()}?mode=ro", uri=True, timeout=10)) as store:
        return store.execute(sql, values).fetchall()


def _first(pattern: re.Pattern[bytes], text: bytes) -> str:
    found = pattern.search(text)
    return found[1].decode("ascii", "replace") if found else ""


@functools.lru_cache(maxsize=1000)
def _decoded(header: bytes) -> str:
    """Readable text of an encoded header (RFC 2047)."""
    text = header.replace(b"\r\n", b"").decode("utf-8", "replace")
    try:
        return str(make_header(decode_header(text)))
    except (LookupError, ValueError):  # a charset nobody knows: shown as it came
        return text
