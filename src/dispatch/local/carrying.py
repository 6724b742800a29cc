"""What an operator has set in a cluster's files, carried to one of another major version.

pg_upgrade leaves files alone. Who may come in (pg_hba.conf, pg_ident.conf) is copied; settings are tried one by one,
since a newer PostgreSQL does not start with a name that it has forgotten.
"""

import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from dispatch.local import postgres, supervisor

AUTO = "postgresql.auto.conf"
COPIED = ("pg_hba.conf", "pg_ident.conf")
SETTINGS = "SELECT sourcefile, name, setting FROM pg_file_settings WHERE setting IS NOT NULL ORDER BY seqno"
"""Those with an error, too: that may be no more than a wish which our command line overrules."""


@dataclass(frozen=True)
class Setting:
    """A line of postgresql.conf, or of postgresql.auto.conf, which ALTER SYSTEM writes."""

    file: str
    name: str
    value: str

    def line(self) -> str:
        """As a configuration file wants it."""
        return f"{self.name} = '{self.value.replace(chr(39), chr(39) * 2)}'\n"

    def stands_in(self, conf: str) -> bool:
        """Whether such a file says the same already, as one that initdb has just written does of most."""
        said = rf"^{re.escape(self.name)}\s*=\s*'?{re.escape(self.value)}'?\s*(#.*)?$"
        return self.file != AUTO and re.search(said, conf, re.MULTILINE) is not None


def found(address: str) -> list[Setting]:
    """What the files of the cluster at `address` set; of a name that is set twice in one, the last."""
    with psycopg.connect(f"{address} dbname=postgres") as session:
        rows = session.execute(SETTINGS).fetchall()
    last = {(Path(file).name, name): Setting(Path(file).name, name, value) for file, name, value in rows}
    return list(last.values())


def carry(settings: Iterable[Setting], old: Path, new: Path, programs: Path) -> list[str]:
    """Into the files of `new`. The names that its version does not take (any more). Raises OSError."""
    for name in COPIED:
        shutil.copyfile(old / name, new / name)  # into the file that is there, whose owner and mode stay
    refused, its_own = [], (new / "postgresql.conf").read_text(encoding="utf-8")
    for one in settings:
        if one.stands_in(its_own):
            continue
        if not _is_taken(one, new, programs):
            refused.append(one.name)
            continue
        place = new / (AUTO if one.file == AUTO else "postgresql.conf")
        with place.open("a", encoding="utf-8") as file:
            file.write(one.line())
    return refused


def _is_taken(one: Setting, new: Path, programs: Path) -> bool:
    command = [str(programs / "postgres"), "-D", str(new), f"-c{one.name}={one.value}", "-C", one.name]
    return not subprocess.run(
        command, capture_output=True, check=False, **supervisor.identity(postgres.owner())
    ).returncode
