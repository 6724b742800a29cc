"""What the environment says: one reader for each kind of value, each failing with words a person can act on."""

import hashlib
import ipaddress
import os
from pathlib import Path

REFUSES = 2
"""The exit status of a program that cannot run as it is configured, however often it is started."""


class Misconfigured(Exception):
    """A setting is missing or cannot be understood; the text says which and what to do."""


def text(name: str, default: str | None = None) -> str:
    """The variable NAME, or what is in the file that NAME_FILE names or that systemd brings (for secrets), or the default."""
    value = os.environ.get(name)
    if value is not None:
        return value
    file = file_of(name)
    if file:
        try:
            return file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise Misconfigured(f"{name}_FILE names {file}, which cannot be read: {error.strerror}.") from error
    if default is None:
        raise Misconfigured(f"{name} is not set. Set it, or set {name}_FILE to a file that holds it.")
    return default


def file_of(name: str) -> Path | None:
    """What NAME_FILE names, or systemd's credential of the name in small letters (systemd.exec(5), LoadCredential=)."""
    if file := os.environ.get(f"{name}_FILE"):
        return Path(file)
    if folder := os.environ.get("CREDENTIALS_DIRECTORY"):
        credential = Path(folder) / name.lower()
        return credential if credential.exists() else None
    return None


def flag(name: str, *, default: bool = False) -> bool:
    """True for 1, true, yes, on; False for 0, false, no, off and the empty string."""
    value = text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off", ""}:
        return False
    raise Misconfigured(f"{name} is {value!r}; say yes or no.")


def number(name: str, default: float) -> float:
    """A number, in the unit the setting's documentation names."""
    value = text(name, str(default))
    try:
        return float(value)
    except ValueError as error:
        raise Misconfigured(f"{name} is {value!r}, which is not a number.") from error


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas or white space."""
    return text(name, default).replace(",", " ").split()


def addresses(name: str) -> list[str]:
    """IP addresses as they are written shortest, separated as `words` are."""
    try:
        return [str(ipaddress.ip_address(word)) for word in words(name)]
    except ValueError as error:
        raise Misconfigured(f"{name}: {error}. Give addresses such as 203.0.113.7 or 2001:db8::7.") from error


def pairs(name: str) -> dict[str, str]:
    """Lines of a word and what belongs to it, which may hold blanks."""
    lines = [line.split(maxsplit=1) for line in text(name, "").splitlines() if line.strip()]
    if any(len(line) != 2 for line in lines):
        raise Misconfigured(f"{name}: each line is a name and what belongs to it, with a blank between them.")
    return {key: value.strip() for key, value in lines}


def file(name: str) -> Path | None:
    """The file that the variable names, which must be there; None where it names none."""
    path = Path(text(name, ""))
    if path == Path():
        return None
    if not os.access(path, os.R_OK) or path.is_dir():
        raise Misconfigured(f"{name} names {path}, which is no file that can be read.")
    return path


def data_dir() -> Path:
    """The one directory that holds everything of an embedded instance."""
    return Path(text("DISPATCH_DATA_DIR", "dispatch-data")).expanduser().absolute()


def run_dir() -> Path:
    """Where sockets live: a path short enough for them (107 bytes), the same at every start, of this instance alone."""
    inside = data_dir() / "run"
    if len(os.fsencode(inside)) <= 80 and (os.geteuid() or is_open_to_all(data_dir())):
        return inside
    digest = hashlib.sha256(os.fsencode(data_dir())).hexdigest()[:16]
    return Path(f"/tmp/dispatch-{digest}")  # noqa: S108 - made with mode 0700 and checked for its owner by local/


def is_open_to_all(folder: Path) -> bool:
    """Whether anyone may enter the folder; for root, whose PostgreSQL runs as `nobody`. What is yet to be made counts."""
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents) if part.exists())


def database_url() -> str:
    """DISPATCH_DATABASE_URL, or the embedded PostgreSQL's unix socket."""
    return text("DISPATCH_DATABASE_URL", "") or f"postgresql://dispatch@/dispatch?host={run_dir()}"


def broker_url() -> str:
    """DISPATCH_BROKER_URL (redis://, rediss://, sentinel://, amqp://), or the embedded Valkey's unix socket."""
    return text("DISPATCH_BROKER_URL", "") or f"redis+socket://{run_dir() / 'valkey.sock'}"


def is_embedded(what: str) -> bool:
    """Whether the DATABASE or the BROKER is the embedded one."""
    return not text(f"DISPATCH_{what}_URL", "")
