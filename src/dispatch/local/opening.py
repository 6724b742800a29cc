"""A backup as it is opened: its first line, and then what pg_restore reads, in a pipe: nothing readable is on the disk."""

import contextlib
import io
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dispatch.local import backup, shares


class Opened:
    """What age has opened, as it comes; `trouble` where it could not."""

    def __init__(self, file: io.BufferedReader, identities: list[shares.Own]) -> None:
        ours, theirs = os.pipe()
        self.out, self.trouble = os.fdopen(ours, "rb", buffering=0), ""
        self.thread = threading.Thread(target=self._open, args=(file, theirs, identities), daemon=True)
        self.thread.start()

    def _open(self, file: io.BufferedReader, into: int, identities: list[shares.Own]) -> None:
        with os.fdopen(into, "wb") as plain:
            try:
                shares.unseal(file, plain, identities)
            except (shares.Unsuited, OSError) as problem:
                self.trouble = str(problem)


@contextlib.contextmanager
def opened(file: Path, identities: list[shares.Own]) -> Iterator[Opened]:
    """What is in the file, to be read from `out`. Raises OSError."""
    with file.open("rb") as sealed:
        found = Opened(sealed, identities)
        try:
            yield found
        finally:
            found.out.close()
            found.thread.join(10)


def about(found: Opened) -> dict[str, Any]:
    """The first line, read byte by byte, since the rest is for pg_restore. Raises backup.Failed."""
    line = b""
    while (byte := found.out.read(1)) not in {b"\n", b""} and len(line) < 10_000:
        line += byte
    try:
        said: dict[str, Any] = json.loads(line)
    except ValueError:
        found.thread.join(10)
        raise backup.Failed(f"This key does not open it, or it is no backup. {found.trouble}".strip()) from None
    return said
