"""A command that did not reach PostgreSQL or the broker: which of them, where it was expected, what to do; in a sentence."""

from urllib.parse import urlsplit

import psycopg
from psycopg import conninfo

from dispatch import env

AWAY = ("57P", "08")
"""SQLSTATE classes of a server that ends its connections, or is not there (PostgreSQL's documentation, appendix A). Where the
connection never came about, or broke, there is none."""
BROKER = ("redis.exceptions", "kombu.exceptions")
LOST = {"ConnectionError", "TimeoutError", "OperationalError", "BusyLoadingError"}
"""What those modules call a server that does not answer. They are known by name: few commands load them."""


def words(error: BaseException) -> str:
    """Empty where it is another failure, whose traceback somebody needs. No password is in it."""
    for one in _chain(error):
        if isinstance(one, psycopg.OperationalError) and (one.sqlstate or "08").startswith(AWAY):
            return f"PostgreSQL was not reached at {_database()}: {_said(one)} {_remedy('DATABASE')}"
        if type(one).__module__ in BROKER and type(one).__name__ in LOST:
            return f"The broker (Valkey) was not reached at {_broker()}: {_said(one)} {_remedy('BROKER')}"
    return ""


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _database() -> str:
    """ "127.0.0.1, port 5432, database dispatch"."""
    parts = conninfo.conninfo_to_dict(env.database_url())
    port = f", port {parts['port']}" if "port" in parts else ""
    return f"{parts.get('host') or 'localhost'}{port}, database {parts.get('dbname') or 'dispatch'}"


def _broker() -> str:
    """Its host and port, or its socket; of several the first."""
    first = env.broker_url().partition(";")[0]
    url = urlsplit(first.partition(",")[0])
    return url.path if url.scheme.endswith("socket") else url.netloc.rpartition("@")[2]


def _said(error: BaseException) -> str:
    """The last thing that it says, as one line: before that stand the address and the tries."""
    said = " ".join(str(error).split()).rpartition("failed: ")[2].partition(" Is the server running")[0].rstrip(".")
    return f"{said[:200] or type(error).__name__}."


def _remedy(what: str) -> str:
    if env.is_embedded(what):
        return f"`dispatch up` starts it; if it runs, is DISPATCH_DATA_DIR ({env.data_dir()}) the one that it uses?"
    return f"Is it running, and is DISPATCH_{what}_URL right? `dispatch check` looks at both."
