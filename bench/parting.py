"""Chunks by send: what it would change if each send's chunks were a table of their own, as its exceptions are.

Two tables with all that delivery_chunk has, one of them partitioned by send, get the same sends. Each is written, settled as
workers settle it, and the oldest sends are let go of.
"""

from dataclasses import dataclass
from typing import Any

import bill

WHOLE, PARTED = "chunk_whole", "chunk_parted"
FROZEN = "number, variant_id, provider_class, in_wave, is_retry, recipients"
MAKE = f"""
CREATE TABLE {WHOLE} (LIKE delivery_chunk INCLUDING ALL) WITH (fillfactor = 20);
CREATE TABLE {PARTED} (LIKE delivery_chunk INCLUDING DEFAULTS INCLUDING STORAGE, PRIMARY KEY (send_id, number))
    PARTITION BY LIST (send_id);
CREATE INDEX ON {PARTED} (send_id, number) WHERE state IN ('pending', 'leased');
CREATE INDEX ON {PARTED} (send_id, number) WHERE state = 'stuck';
"""
WRITE = f"""
INSERT INTO {{table}} (id, send_id, settled, ahead, state, token, takeovers, trouble, {FROZEN})
SELECT {{send}} * 1000000 + number, {{send}}, 0, 0, 'pending', 0, 0, '', {FROZEN}
FROM delivery_chunk WHERE send_id = {{from_send}} ORDER BY number LIMIT {{chunks}}
"""
CLAIM = (
    "UPDATE {table} SET state = 'leased', token = token + 1, lease_until = clock_timestamp()"
    " WHERE send_id = {send} AND number = %s"
)
ADVANCE = (
    "UPDATE {table} SET settled = %s, ahead = %s, state = %s, rung_at = clock_timestamp()"
    " WHERE send_id = {send} AND number = %s"
)


@dataclass
class Kind:
    """One of the two ways; seconds of PostgreSQL's processor, bytes."""

    write: bill.Bill
    settle: bill.Bill
    drop: bill.Bill
    before: int  # bytes with all sends
    after: int  # once the oldest half is gone


def compared(send: int, sends: int, chunks: int) -> dict[str, Kind]:
    """By table: as many sends as that, each with that many chunks of a real one."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(MAKE)
        for number in range(1, sends + 1):
            cursor.execute(
                f"CREATE TABLE {PARTED}_{number} PARTITION OF {PARTED} FOR VALUES IN ({number}) WITH (fillfactor = 20)"
            )
        found = {table: way(cursor, table, send, sends, chunks) for table in (WHOLE, PARTED)}
        cursor.execute(f"DROP TABLE {WHOLE}, {PARTED}")
    return found


def way(cursor: Any, table: str, from_send: int, sends: int, chunks: int) -> Kind:
    values = {"table": table, "from_send": from_send, "chunks": chunks}
    cursor.execute("CHECKPOINT")
    with bill.of() as write:
        for send in range(1, sends + 1):
            cursor.execute(WRITE.format(send=send, **values))
    cursor.execute(f"VACUUM ANALYZE {table}")
    cursor.execute("CHECKPOINT")  # both begin alike: whatever is touched next stands in the log once as a whole
    with bill.of() as settle:
        settle_all(cursor, table, sends)
    before = _size(cursor, table)
    cursor.execute("CHECKPOINT")
    with bill.of() as drop:
        let_go(cursor, table, sends // 2)
    return Kind(write, settle, drop, before, _size(cursor, table))


def settle_all(cursor: Any, table: str, sends: int) -> None:
    """As a worker does it: a claim, and four commits on the way."""
    steps = [(0, 20, "leased"), (20, 520, "leased"), (520, 1000, "leased"), (1000, 1000, "done")]
    for send in range(1, sends + 1):
        cursor.execute(f"SELECT number FROM {table} WHERE send_id = %s ORDER BY number", [send])
        for (number,) in cursor.fetchall():
            cursor.execute(CLAIM.format(table=table, send=send), [number])
            for settled, ahead, state in steps:
                cursor.execute(ADVANCE.format(table=table, send=send), [settled, ahead, state, number])


def let_go(cursor: Any, table: str, upto: int) -> None:
    """Of the oldest sends: from one table by rows, and the vacuum that this leaves; from the other a table each."""
    if table == WHOLE:
        cursor.execute(f"DELETE FROM {table} WHERE send_id <= %s", [upto])
        cursor.execute(f"VACUUM {table}")
        return
    for number in range(1, upto + 1):
        cursor.execute(f"DROP TABLE {table}_{number}")


def _size(cursor: Any, table: str) -> int:
    cursor.execute(
        "SELECT pg_total_relation_size(%(table)s::regclass)"
        " + coalesce((SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits"
        " WHERE inhparent = %(table)s::regclass), 0)",
        {"table": table},
    )
    return int(cursor.fetchone()[0])
