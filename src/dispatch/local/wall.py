"""The demo's wall: every post that the stand-in networks took, read from their own store."""

import contextlib
import json
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dispatch import env

NETWORKS = {"x": "X", "mastodon": "Mastodon", "bluesky": "Bluesky", "telegram": "Telegram"}
COLUMNS = "id, network, account, text, link, card, language, at"


@dataclass(frozen=True)
class Card:
    """A link's preview."""

    title: str
    description: str
    host: str


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


def path() -> Path:
    """Where the stand-in networks of this instance keep their posts."""
    return env.data_dir() / "networks.sqlite3"


def posts(*, limit: int = 200) -> list[Shown]:
    """The newest first."""
    return [_shown(row) for row in _ask(f"SELECT {COLUMNS} FROM posts ORDER BY id DESC LIMIT {limit:d}")]  # noqa: S608


def texts() -> dict[str, list[str]]:
    """Every post's text by network, for counting."""
    found: dict[str, list[str]] = {}
    for network, text in _ask("SELECT network, text FROM posts ORDER BY id"):
        found.setdefault(network, []).append(text)
    return found


def _shown(row: tuple[Any, ...]) -> Shown:
    number, network, account, text, link, card, language, at = row
    return Shown(
        number,
        network,
        account or "",
        text,
        link or "",
        language or "",
        datetime.fromtimestamp(at, UTC),
        _card(card, link or ""),
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
