"""`dispatch backup verify FILE --identity KEY`: is it whole, and does it hold what it says? Nothing is written."""

import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dispatch.local import backup, client, manifest, opening, shares


@dataclass(frozen=True)
class Verified:
    """A whole backup."""

    made_at: datetime
    keys: str  # the name of the vault keys it needs; see shares.fingerprint
    rows: dict[str, int]  # by table


def verify(file: Path, identities: list[shares.Own]) -> Verified:
    """Open all of it and count. Raises backup.Failed where it is cut short, altered or holds something else; OSError."""
    with opening.opened(file, identities) as opened:
        about = opening.about(opened)
        rows = _read(opened)
    if wrong := manifest.differing(about, rows):
        raise backup.Failed(f"It does not hold what it says: {wrong}.")
    held = {table: count for table, count in rows.items() if table in manifest.TABLES}
    return Verified(datetime.fromisoformat(about["made_at"]), about["keys"], held)


def _read(opened: opening.Opened) -> dict[str, int]:
    command = [client.program("pg_restore"), "--file=-"]
    with subprocess.Popen(command, stdin=opened.out, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reading:
        assert reading.stdout
        rows = manifest.read(reading.stdout)
    opened.thread.join(10)
    if reading.returncode or opened.trouble:
        raise backup.Failed(f"It is not whole: {opened.trouble or 'it is cut short'}.")
    return rows
