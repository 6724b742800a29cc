"""One data directory takes another's place, and is kept beside it: whenever the power goes, one of the two stands there
whole.

Linux exchanges two names in one act (renameat2(2), RENAME_EXCHANGE: ext4, xfs, btrfs, tmpfs, overlayfs). Elsewhere it
takes two renames, and whoever looks next, `dispatch up` included, ends what was begun.
"""

import contextlib
import ctypes
import os
import shutil
from pathlib import Path

from dispatch.local import supervisor

AT_FDCWD = -100
EXCHANGE = 2


def major_of(folder: Path) -> str:
    """The major version that made a data directory; empty: there is none."""
    file = folder / "PG_VERSION"
    return file.read_text(encoding="ascii").strip() if file.exists() else ""


def making(home: Path) -> Path:
    """Where the one that is to take `home`'s place is made."""
    return home.with_name(f"{home.name}.upgrading")


def made(home: Path) -> Path:
    """Where it waits, whole, on a disk that cannot exchange two names."""
    return home.with_name(f"{home.name}.upgraded")


def kept(home: Path, major: str) -> Path:
    """Where the one of this major stands afterwards, as it was."""
    return home.with_name(f"{home.name}.{major}")


def all_kept(home: Path) -> list[Path]:
    """What upgrades have left for the operator to remove."""
    return sorted(one for one in home.parent.glob(f"{home.name}.[0-9]*") if (one / "PG_VERSION").exists())


def discard(home: Path, ours: str) -> None:
    """Clear away what an upgrade that did not come to its end had made; never a directory of another major."""
    for one in (making(home), made(home)):
        if major_of(one) in {"", ours}:
            shutil.rmtree(one, ignore_errors=True)


def switch(home: Path, major: str) -> Path:
    """Put what was made in `home`'s place. Where the old one is kept."""
    new, old = making(home), kept(home, major)
    os.sync()  # the new one's last byte is on the disk before its name is
    if _is_exchanged(home, new):
        new.rename(old)
    else:
        new.rename(made(home))
        home.rename(old)
        made(home).rename(home)
    _sync_names(home.parent)
    return old


def finish(home: Path, ours: str) -> None:
    """End a switch that was cut short between two names. Nothing, where there is none."""
    if not home.exists() and made(home).exists():
        made(home).rename(home)
    if major_of(home) == ours and major_of(making(home)) not in {"", ours}:
        making(home).rename(kept(home, major_of(making(home))))


def _is_exchanged(one: Path, other: Path) -> bool:
    exchange = getattr(supervisor.LIBC, "renameat2", None)
    if exchange is None:
        return False
    names = (AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other))
    return not exchange(*names, ctypes.c_uint(EXCHANGE))


def _sync_names(folder: Path) -> None:
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        os.fsync(opened)
        os.close(opened)
