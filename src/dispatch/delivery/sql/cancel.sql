-- What nobody holds any more of a cancelled send. Untouched readers and those put off become "cancelled"; whom a dead worker had
-- written ahead, and who was to get a second copy after a first doubt, may have it already: unknown, under either policy. A chunk
-- with a living owner is left: its next commit sees the cancel, and the next tick takes the rest.
WITH free AS (
    SELECT id, number, recipients, settled, ahead, is_retry, provider_class FROM delivery_chunk
    WHERE send_id = %(send)s
      AND (state IN ('pending', 'stuck') OR (state = 'leased' AND lease_until < clock_timestamp()))
    FOR UPDATE SKIP LOCKED
), in_doubt AS (
    INSERT INTO delivery_ambiguity (send_id, chunk, first, last, reason, resolution, at)
    SELECT %(send)s, number, settled, ahead - 1, 'its worker died or froze', 'unknown', clock_timestamp()
    FROM free WHERE settled < ahead
), first_round AS (
    INSERT INTO delivery_exception (send_id, subscriber_id, chunk, state, code, doubts, at, provider_class)
    SELECT %(send)s, r.reader, free.number,
           CASE WHEN r.place <= free.ahead - free.settled THEN 'unknown' ELSE 'cancelled' END,
           CASE WHEN r.place <= free.ahead - free.settled THEN 'ambiguous' ELSE '' END,
           (r.place <= free.ahead - free.settled)::int, clock_timestamp(), free.provider_class
    FROM free, unnest(free.recipients[free.settled + 1:]) WITH ORDINALITY AS r (reader, place)
    WHERE NOT free.is_retry
    ON CONFLICT DO NOTHING
), put_off AS (
    UPDATE delivery_exception x
    SET state = CASE WHEN x.doubts > 0 OR x.subscriber_id IN
                         (SELECT unnest(recipients[settled + 1:ahead]) FROM free WHERE is_retry)
                     THEN 'unknown' ELSE 'cancelled' END,
        next_attempt_at = NULL, retry_chunk = NULL, at = clock_timestamp()
    WHERE x.send_id = %(send)s AND x.state = 'deferred'
      AND (x.retry_chunk IS NULL OR x.retry_chunk IN (SELECT number FROM free))
)
UPDATE delivery_chunk c
SET state = 'done', settled = cardinality(c.recipients), ahead = cardinality(c.recipients), lease_until = NULL
FROM free WHERE c.id = free.id;
