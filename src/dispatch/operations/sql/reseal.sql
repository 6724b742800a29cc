-- One batch of a sealed column, under the newest key. Each row is compared with what was read, so no lock is held while values
-- are sealed, and what somebody saved meanwhile stays; the count at the end shows whether that left an older key in use.
UPDATE {table} AS kept SET {column} = fresh.sealed
FROM unnest(%(ids)s::bigint[], %(were)s::bytea[], %(sealed)s::bytea[]) AS fresh(id, was, sealed)
WHERE kept.id = fresh.id AND kept.{column} = fresh.was
