-- Strikes readers out of chunks whose send's details are gone: who was sent what, and the seal, which whoever has the key could try
-- readers against. `size` keeps how many they were, and cursors stay, so that every sum of a chunk is what it was. NULL says "not
-- known any more"; an empty list is a chunk in which nobody is left (isolate.sql).
-- A send is done with once none of its chunks names anybody. The row version that a struck chunk leaves has room in its page, so the
-- table did not grow; vacuum gives the arrays' room to the next sends.
-- Of ten million readers (10,000 chunks of 3.3 KB) with 500 a time, two cores that were busy with other work: 20 statements of 0.25 s, 0.45 s
-- at most, 25 MB of log; a sender's statement beside them took 47 ms at the 99th percentile, 46 ms without. With nothing to do: one look into
-- a partial index.
WITH old AS (
    SELECT id FROM delivery_send WHERE emptied_at IS NULL AND totals <> '{}'
    ORDER BY id LIMIT 50 FOR NO KEY UPDATE SKIP LOCKED
), these AS (
    SELECT c.id, c.send_id
    FROM old CROSS JOIN LATERAL (
        SELECT id, send_id FROM delivery_chunk
        WHERE send_id = old.id AND recipients IS NOT NULL
        ORDER BY number LIMIT %(size)s) AS c
    LIMIT %(size)s
), struck AS (
    UPDATE delivery_chunk c SET recipients = NULL, seal = NULL FROM these WHERE c.id = these.id RETURNING 1
), emptied AS (
    UPDATE delivery_send s SET emptied_at = clock_timestamp()
    FROM old
    WHERE s.id = old.id
      AND NOT EXISTS (SELECT FROM delivery_chunk c
                      WHERE c.send_id = old.id AND c.recipients IS NOT NULL AND c.id NOT IN (SELECT id FROM these))
)
SELECT count(*) FROM struck;
