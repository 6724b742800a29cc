"""What each connection to a database on another host is told: to notice soon that ours is gone.

A host that is cut off in the middle of a transaction leaves its locks behind, and PostgreSQL's own patience is two hours. A
clock that was cut off while it closed sends held up every other one, and all workers of that send.
"""

from typing import Any

from django.db.backends.signals import connection_created

NOTICE = """
SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 20000
"""
"""In seconds, and the last in milliseconds: after 25 s of silence its locks are let go."""


def install() -> None:
    """From now on, once a connection."""
    connection_created.connect(_tell, dispatch_uid="dispatch.connecting")


def _tell(connection: Any, **_: Any) -> None:
    line = connection.connection
    is_local = not line.info.host or line.info.host.startswith("/")
    if is_local or getattr(line, "was_told", False):
        return
    with connection.cursor() as cursor:
        cursor.execute(NOTICE)
    line.was_told = True  # of a pool it comes here again with each request
