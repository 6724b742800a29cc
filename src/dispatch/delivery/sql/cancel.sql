-- What nobody holds any more of a cancelled send: untouched readers and those deferred become "cancelled". A chunk that a
-- worker still holds is left; that worker sees the cancel at its next commit and the next tick takes the rest.
WITH free AS (
    SELECT id, number, recipients, settled, is_retry FROM delivery_chunk
    WHERE send_id = %(send)s AND state IN ('pending', 'stuck') FOR UPDATE SKIP LOCKED
), rows AS (
    INSERT INTO delivery_exception (send_id, subscriber_id, chunk, state, at)
    SELECT %(send)s, reader, free.number, 'cancelled', clock_timestamp()
    FROM free, unnest(free.recipients[free.settled + 1:]) AS reader
    WHERE NOT free.is_retry
    ON CONFLICT DO NOTHING
), waiting AS (
    UPDATE delivery_exception SET state = 'cancelled', next_attempt_at = NULL, retry_chunk = NULL, at = clock_timestamp()
    WHERE send_id = %(send)s AND state = 'deferred'
      AND (retry_chunk IS NULL OR retry_chunk IN (SELECT number FROM free))
)
UPDATE delivery_chunk c SET state = 'done', settled = cardinality(c.recipients), ahead = cardinality(c.recipients)
FROM free WHERE c.id = free.id;
