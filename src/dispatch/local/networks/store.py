"""What the stand-ins took, in one SQLite file that the wall reads."""

import json
import sqlite3
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS posts (
    id INTEGER PRIMARY KEY, network TEXT NOT NULL, account TEXT NOT NULL, key TEXT NOT NULL DEFAULT '', text TEXT NOT NULL,
    link TEXT NOT NULL DEFAULT '', card TEXT NOT NULL DEFAULT '{}', language TEXT NOT NULL DEFAULT '', raw TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS one_a_key ON posts (network, account, key) WHERE key <> '';
"""


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


class Store:
    """The posts of one file; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self.connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.executescript(SCHEMA)

    def add(self, network: str, account: str, text: str, raw: Mapping[str, Any], **more: Any) -> int:
        """Keep a post; its number. `more`: key, link, card, language."""
        values = (
            *(network, account, more.get("key", ""), text, more.get("link", ""), json.dumps(more.get("card", {}))),
            *(more.get("language", ""), json.dumps(raw), time.time()),
        )
        with self.lock:
            sql = "INSERT INTO posts (network, account, key, text, link, card, language, raw, at) VALUES (?,?,?,?,?,?,?,?,?)"
            return int(self.connection.execute(sql, values).lastrowid or 0)

    def change(self, number: int, text: str) -> None:
        """An edit."""
        with self.lock:
            self.connection.execute("UPDATE posts SET text = ? WHERE id = ?", (text, number))

    def remove(self, number: int) -> None:
        """A deletion."""
        with self.lock:
            self.connection.execute("DELETE FROM posts WHERE id = ?", (number,))

    def posts(self, network: str = "", *, account: str = "", key: str = "", limit: int = 200) -> list[Posted]:
        """The latest first."""
        sql = "SELECT id, network, account, key, text, link, card, language, raw, at FROM posts WHERE 1"
        wanted = {"network": network, "account": account, "key": key}
        asked = {name: value for name, value in wanted.items() if value}
        sql += "".join(f" AND {name} = ?" for name in asked) + " ORDER BY id DESC LIMIT ?"
        with self.lock:
            rows = self.connection.execute(sql, (*asked.values(), limit)).fetchall()
        return [_posted(row) for row in rows]

    def get(self, number: int) -> Posted | None:
        """One."""
        return next((post for post in self.posts(limit=100_000) if post.id == number), None)


def _posted(row: tuple[Any, ...]) -> Posted:
    names = ("id", "network", "account", "key", "text", "link", "card", "language", "raw", "at")
    values = dict(zip(names, row, strict=True))
    return Posted(**{**values, "card": json.loads(values["card"]), "raw": json.loads(values["raw"])})
