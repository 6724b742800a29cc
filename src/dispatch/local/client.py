"""PostgreSQL's client programs, as backups and restores run them: where they are, and how they reach the database."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from psycopg import conninfo

from dispatch import env
from dispatch.local import postgres


def program(name: str) -> str:
    """The one that came with the embedded PostgreSQL, of which the container image keeps these alone, or the one on the path.
    Raises FileNotFoundError."""
    ours = postgres.folder()
    if ours is not None and (ours / name).exists():
        return str(ours / name)
    if found := shutil.which(name):
        return found
    raise FileNotFoundError(f"{name} is not here; it comes with PostgreSQL's client programs.")


def address() -> str:
    """The database's, for a command line, which every user of the machine may read: without its password. That is in
    `environment`. Raises psycopg.Error."""
    known = conninfo.conninfo_to_dict(env.database_url())
    return conninfo.make_conninfo("", **{key: value for key, value in known.items() if key != "password"})


def environment() -> dict[str, str]:
    """For a program that connects: the database's password (libpq's PGPASSWORD), which only the program's own user may read
    there (proc_pid_environ(5)). The embedded PostgreSQL's own library knows no TLS, so a database elsewhere is reached by
    the library that psycopg brings and Dispatch itself connects with; both are of one major version. Raises psycopg.Error."""
    ours = dict(os.environ)
    if password := conninfo.conninfo_to_dict(env.database_url()).get("password"):
        ours["PGPASSWORD"] = str(password)
    if not env.is_embedded("DATABASE") and postgres.folder() is not None and (library := _library()):
        ours["LD_PRELOAD"] = str(library)
    return ours


def _library() -> Path | None:
    """What psycopg's binary wheel brings; None where psycopg uses the system's."""
    spec = find_spec("psycopg_binary")
    if spec is None or spec.origin is None:
        return None
    return next((Path(spec.origin).parents[1] / "psycopg_binary.libs").glob("libpq-*"), None)
