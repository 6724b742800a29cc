"""The demo's wall: every post that the stand-in networks took, read from their own store."""

import contextlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dispatch import env

NETWORKS = {
    "x": "X",
    "mastodon": "Mastodon",
    "bluesky": "Bluesky",
    "telegram": "Telegram",
    "facebook": "Facebook",
    "instagram": "Instagram",
    "threads": "Threads",
    "linkedin": "LinkedIn",
    "apprise": "Apprise",
}
COLUMNS = "id, network, account, text, link, card, language, at, warning, pictures"
KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"GIF8": "image/gif"}


@dataclass(frozen=True)
class Card:
    """A link's preview."""

    title: str
    description: str
    host: str


@dataclass(frozen=True)
class Picture:
    """One of a post's pictures, and what is said of it."""

    number: int
    alt: str


@dataclass(frozen=True)
class Shown:
    """One post as its network has it."""

    number: int
    network: str
    account: str
    text: str
    link: str
    language: str
    at: datetime
    card: Card | None = field(default=None)
    warning: str = ""
    pictures: tuple[Picture, ...] = ()


def path() -> Path:
    """Where the stand-in networks of this instance keep their posts."""
    return env.data_dir() / "networks.sqlite3"


def posts(*, limit: int = 200) -> list[Shown]:
    """The newest first."""
    alts = {row[0]: row[1] for row in _ask("SELECT id, alt FROM pictures")}
    rows = _ask(f"SELECT {COLUMNS} FROM posts ORDER BY id DESC LIMIT {limit:d}")  # noqa: S608 - both are ours
    return [_shown(row, alts) for row in rows]


def picture(number: int) -> tuple[str, bytes] | None:
    """Its kind, as its first bytes have it, and its content."""
    for (content,) in _ask(f"SELECT content FROM pictures WHERE id = {number:d}"):  # noqa: S608 - a number
        kind = next((kind for begins, kind in KINDS.items() if content.startswith(begins)), "")
        return (kind, content) if kind else None
    return None


def texts() -> dict[str, list[str]]:
    """Every post's text by network, for counting."""
    found: dict[str, list[str]] = {}
    for network, text in _ask("SELECT network, text FROM posts ORDER BY id"):
        found.setdefault(network, []).append(text)
    return found


def _shown(row: tuple[Any, ...], alts: Mapping[int, str]) -> Shown:
    number, network, account, text, link, card, language, at, warning, pictures = row
    return Shown(
        number,
        network,
        account or "",
        text,
        link or "",
        language or "",
        datetime.fromtimestamp(at, UTC),
        _card(card, link or ""),
        warning,
        tuple(Picture(each, alts.get(each, "")) for each in json.loads(pictures)),
    )


def _card(stored: str | None, link: str) -> Card | None:
    """The one that was posted; else what a network would make of the link, which it would have to fetch to know more."""
    found = json.loads(stored) if stored else {}
    address = str(found.get("uri") or link)
    if not address:
        return None
    host = urlsplit(address).netloc
    return Card(str(found.get("title", "")), str(found.get("description", "")), host)


def _ask(sql: str) -> list[tuple[Any, ...]]:
    """Rows; none where nothing has been posted yet."""
    if not path().exists():
        return []
    with contextlib.closing(sqlite3.connect(f"{path().as_uri()}?mode=ro", uri=True, timeout=10)) as store:
        try:
            return store.execute(sql).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):  # the stand-ins have only just begun
                return []
            raise
