"""Each send's exceptions are a table of their own, added when it is enlisted and dropped a week after its end."""

from dispatch.delivery import statements

PATIENCE = "100ms"
"""How long dropping waits for whoever reads. Everyone who asks for exceptions stands behind it meanwhile. The drop
itself took 35 ms with 300,000 exceptions in it, two cores busy with something else."""


def add(send: int) -> None:
    """A send's part of delivery_exception, in the open transaction.

    Made by itself and then attached, at the end: CREATE TABLE … PARTITION OF would lock all exceptions of all sends against
    everyone until the commit, which is seconds away while a million readers are enlisted.
    """
    table, number = _name(send), int(send)
    statements.run(f"CREATE TABLE {table} (LIKE delivery_exception INCLUDING ALL)")
    statements.run(f"ALTER TABLE {table} ADD CONSTRAINT {table}_send CHECK (send_id = {number})")
    statements.run(f"ALTER TABLE delivery_exception ATTACH PARTITION {table} FOR VALUES IN ({number})")


def drop(send: int) -> None:
    """Forget who had which exception. Locks all exceptions until the commit, which should be next.

    Raises django.db.OperationalError where it would have to wait for someone for more than a moment.
    """
    statements.run(f"SET LOCAL lock_timeout = '{PATIENCE}'")
    statements.run(f"DROP TABLE IF EXISTS {_name(send)}")
    for counted in ("delivery_heap", "delivery_heapmove"):
        statements.run(f"DELETE FROM {counted} WHERE send_id = %s", int(send))  # noqa: S608 - two names of ours


def _name(send: int) -> str:
    return f"delivery_exception_{int(send)}"
