"""Readers found by their heap, stuck chunks without a search, and the sizes of chunks that are there already.

Nobody waits for it: each send's part gets its index while mail goes on, and chunks are measured a few at a time. What ended
midway is begun anew.
"""

from typing import Any

from django.db import migrations

HEAP = "(send_id, state, provider_class, answered_by, code)"
PARTS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'delivery_exception'::regclass ORDER BY 1
"""
ATTACHED = (
    "SELECT FROM pg_inherits WHERE inhrelid = to_regclass(%s) AND inhparent = 'delivery_exception_by_heap'::regclass"
)
MEASURE = """
UPDATE delivery_chunk SET size = cardinality(recipients)
WHERE id IN (SELECT id FROM delivery_chunk WHERE size IS NULL LIMIT 200 FOR UPDATE SKIP LOCKED)
"""


def build(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - as Django calls it
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        (patience,) = cursor.fetchone()
        cursor.execute("SET lock_timeout = 0")  # it waits for transactions, and holds nobody up meanwhile
        concurrently(cursor, "delivery_chunk_stuck", "delivery_chunk (id) WHERE state = 'stuck'")
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [patience])
        cursor.execute(f"CREATE INDEX IF NOT EXISTS delivery_exception_by_heap ON ONLY delivery_exception {HEAP}")
        cursor.execute(PARTS)
        for (part,) in cursor.fetchall():
            cursor.execute(ATTACHED, [f"{part}_by_heap"])
            if cursor.fetchone() is None:
                cursor.execute("SET lock_timeout = 0")
                concurrently(cursor, f"{part}_by_heap", f"{part} {HEAP}")
                cursor.execute("SELECT set_config('lock_timeout', %s, false)", [patience])
                cursor.execute(f"ALTER INDEX delivery_exception_by_heap ATTACH PARTITION {part}_by_heap")
        cursor.execute("DROP INDEX IF EXISTS delivery_exception_by_state")
        cursor.execute(MEASURE)
        while cursor.rowcount:
            cursor.execute(MEASURE)


def concurrently(cursor: Any, name: str, upon: str) -> None:
    cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one that an earlier try left half made
    cursor.execute(f"CREATE INDEX CONCURRENTLY {name} ON {upon}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("delivery", "0010_queueroom_columns")]
    operations = [migrations.RunPython(build, migrations.RunPython.noop)]
