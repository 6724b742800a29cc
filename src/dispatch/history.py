"""Where history is read: at a replica, where there is one and it follows closely; else at the primary.

Only what cannot change any more, or may be ten seconds old without anybody acting on it, is asked for through `read`.
Whatever decides a send, who may do what, who is written to, and whatever moves is read where it is written.
"""

import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, Error, connections

from dispatch import replica

log = logging.getLogger(__name__)
Found = TypeVar("Found")


def read(look: Callable[[str], Found]) -> Found:
    """What `look` finds, told which database to ask ("replica" or "default"). It must return it whole, no query that is
    yet to run, and change nothing: where the replica fails it, it is called once more for the primary."""
    if not (replica.is_set() and replica.watch.is_well()):
        return look(DEFAULT_DB_ALIAS)
    there = cast("Any", connections[replica.ALIAS])
    try:
        there.ensure_connection()
        with replica.watch.reading(there.connection):
            return look(replica.ALIAS)
    except Error as error:
        log.info("read from the primary, as the replica failed", extra={"error": type(error).__name__})
        if there.connection is None or there.connection.closed:  # to ask it might take for ever
            replica.watch.doubt()
    there.close()
    return look(DEFAULT_DB_ALIAS)


class Router:
    """Nothing goes to the replica but by `using`: neither what hangs on a row that was read there, nor a write."""

    def db_for_read(self, model: object, **hints: object) -> str:  # noqa: ARG002 - Django's names
        """The primary."""
        return DEFAULT_DB_ALIAS

    def db_for_write(self, model: object, **hints: object) -> str:  # noqa: ARG002 - likewise
        """The primary."""
        return DEFAULT_DB_ALIAS

    def allow_relation(self, *_: object, **__: object) -> bool:
        """Both are one database."""
        return True
