"""What the stand-ins took, in one SQLite file that the wall reads."""

import json
import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS posts (
    id INTEGER PRIMARY KEY, network TEXT NOT NULL, account TEXT NOT NULL, key TEXT NOT NULL DEFAULT '', text TEXT NOT NULL,
    link TEXT NOT NULL DEFAULT '', card TEXT NOT NULL DEFAULT '{}', language TEXT NOT NULL DEFAULT '', raw TEXT NOT NULL,
    at REAL NOT NULL, warning TEXT NOT NULL DEFAULT '', pictures TEXT NOT NULL DEFAULT '[]'
);
CREATE TABLE IF NOT EXISTS pictures (
    id INTEGER PRIMARY KEY, network TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, alt TEXT NOT NULL DEFAULT '',
    content BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS one_a_key ON posts (network, account, key) WHERE key <> '';
"""

COLUMNS = "id, network, account, key, text, link, card, language, raw, at, pictures"


@dataclass(frozen=True)
class Posted:
    """One post as its network has it."""

    id: int
    network: str
    account: str
    key: str
    text: str
    link: str
    card: Mapping[str, Any]
    language: str
    raw: Mapping[str, Any]
    at: float
    pictures: tuple[int, ...] = ()


@dataclass(frozen=True)
class Picture:
    """One picture that was put there, posted or not."""

    id: int
    name: str  # what the network calls it, where that is not its number
    kind: str
    alt: str
    content: bytes


class Store:
    """The posts of one file; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self.connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.executescript(SCHEMA)

    def add(self, network: str, account: str, text: str, raw: Mapping[str, Any], **more: Any) -> int:
        """Keep a post; its number. `more`: key, link, card, language, warning, pictures (their numbers)."""
        values = (
            *(network, account, more.get("key", ""), text, more.get("link", ""), json.dumps(more.get("card", {}))),
            *(more.get("language", ""), json.dumps(raw), time.time()),
            *(more.get("warning", ""), json.dumps(more.get("pictures", []))),
        )
        with self.lock:
            names = "network, account, key, text, link, card, language, raw, at, warning, pictures"
            sql = f"INSERT INTO posts ({names}) VALUES (?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608 - the names are ours
            return int(self.connection.execute(sql, values).lastrowid or 0)

    def change(
        self, number: int, text: str, raw: Mapping[str, Any] | None = None, pictures: Sequence[int] | None = None
    ) -> None:
        """An edit. Pictures stay where none are named."""
        with self.lock:
            self.connection.execute("UPDATE posts SET text = ? WHERE id = ?", (text, number))
            if raw is not None:
                self.connection.execute("UPDATE posts SET raw = ? WHERE id = ?", (json.dumps(raw), number))
            if pictures is not None:
                self.connection.execute("UPDATE posts SET pictures = ? WHERE id = ?", (json.dumps(pictures), number))

    def keep(self, network: str, content: bytes, *, kind: str, name: str = "", alt: str = "") -> int:
        """A picture; its number."""
        sql = "INSERT INTO pictures (network, name, kind, alt, content) VALUES (?,?,?,?,?)"
        with self.lock:
            return int(self.connection.execute(sql, (network, name, kind, alt, content)).lastrowid or 0)

    def describe(self, number: int, alt: str) -> None:
        """What is said of a picture."""
        with self.lock:
            self.connection.execute("UPDATE pictures SET alt = ? WHERE id = ?", (alt, number))

    def fill(self, number: int, content: bytes) -> None:
        """Its bytes came."""
        with self.lock:
            self.connection.execute("UPDATE pictures SET content = ?, kind = 'done' WHERE id = ?", (content, number))

    def finish(self, number: int) -> None:
        """It is drawn now."""
        with self.lock:
            self.connection.execute("UPDATE pictures SET kind = 'done' WHERE id = ?", (number,))

    def pictures(self, network: str) -> list[Picture]:
        """In the order they came."""
        sql = "SELECT id, name, kind, alt, content FROM pictures WHERE network = ? ORDER BY id"
        with self.lock:
            return [Picture(*row) for row in self.connection.execute(sql, (network,)).fetchall()]

    def picture(self, network: str, number: int | str) -> Picture | None:
        """By its number or its name."""
        sql = "SELECT id, name, kind, alt, content FROM pictures WHERE network = ? AND ? IN (CAST(id AS TEXT), name)"
        with self.lock:
            row = self.connection.execute(sql, (network, str(number))).fetchone()
        return Picture(*row) if row else None

    def remove(self, number: int) -> None:
        """A deletion."""
        with self.lock:
            self.connection.execute("DELETE FROM posts WHERE id = ?", (number,))

    def posts(
        self, network: str = "", *, account: str = "", key: str = "", link: str = "", limit: int = 200
    ) -> list[Posted]:
        """The latest first."""
        sql = f"SELECT {COLUMNS} FROM posts WHERE 1"  # noqa: S608 - the names are ours
        wanted = {"network": network, "account": account, "key": key, "link": link}
        asked = {name: value for name, value in wanted.items() if value}
        sql += "".join(f" AND {name} = ?" for name in asked) + " ORDER BY id DESC LIMIT ?"
        with self.lock:
            rows = self.connection.execute(sql, (*asked.values(), limit)).fetchall()
        return [_posted(row) for row in rows]

    def get(self, number: int) -> Posted | None:
        """One."""
        sql = f"SELECT {COLUMNS} FROM posts WHERE id = ?"  # noqa: S608 - the names are ours
        with self.lock:
            row = self.connection.execute(sql, (number,)).fetchone()
        return _posted(row) if row else None


def _posted(row: tuple[Any, ...]) -> Posted:
    values = dict(zip(COLUMNS.split(", "), row, strict=True))
    read = {name: json.loads(values[name]) for name in ("card", "raw")}
    return Posted(**{**values, **read, "pictures": tuple(json.loads(values["pictures"] or "[]"))})
