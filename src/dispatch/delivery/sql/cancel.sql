-- What nobody holds any more of a cancelled send; or, with a number, one stuck chunk that a person lets go of, and nothing else.
-- Untouched readers and those put off become "cancelled"; whom a dead worker had written ahead, and who was to get a second copy
-- after a first doubt, may have it already: unknown, under either policy. A chunk with a living owner is left: its next commit sees
-- the cancel, and the next tick takes the rest. Nobody is passed by without an exception, so nobody counts as accepted for it.
WITH now AS MATERIALIZED (SELECT clock_timestamp() AS moment), free AS (
    SELECT id, number, recipients, settled, ahead, is_retry, provider_class FROM delivery_chunk
    WHERE send_id = %(send)s
      AND CASE WHEN %(number)s::int IS NOT NULL THEN number = %(number)s AND state = 'stuck'
               ELSE state IN ('pending', 'stuck') OR (state = 'leased' AND lease_until < clock_timestamp()) END
    FOR UPDATE SKIP LOCKED
), in_doubt AS (
    INSERT INTO delivery_ambiguity (send_id, chunk, first, last, reason, resolution, at)
    SELECT %(send)s, number, settled, ahead - 1, 'its worker died or froze', 'unknown', now.moment
    FROM free, now WHERE settled < ahead
), first_round AS (
    INSERT INTO delivery_exception (send_id, subscriber_id, chunk, state, code, doubts, at, provider_class, past)
    SELECT %(send)s, r.reader, free.number,
           CASE WHEN r.place <= free.ahead - free.settled THEN 'unknown' ELSE 'cancelled' END,
           CASE WHEN r.place <= free.ahead - free.settled THEN 'ambiguous' ELSE '' END,
           (r.place <= free.ahead - free.settled)::int, now.moment, free.provider_class, {deed}
    FROM now, free, unnest(free.recipients[free.settled + 1:]) WITH ORDINALITY AS r (reader, place)
    WHERE NOT free.is_retry
    ON CONFLICT DO NOTHING
), put_off AS (
    UPDATE delivery_exception x
    SET state = CASE WHEN x.doubts > 0 OR x.subscriber_id IN
                         (SELECT unnest(recipients[settled + 1:ahead]) FROM free WHERE is_retry)
                     THEN 'unknown' ELSE 'cancelled' END,
        next_attempt_at = NULL, retry_chunk = NULL, at = now.moment, past = x.past || {past} || {deed}
    FROM now
    WHERE x.send_id = %(send)s AND x.state = 'deferred'
      AND ((x.retry_chunk IS NULL AND %(number)s::int IS NULL) OR x.retry_chunk IN (SELECT number FROM free))
)
UPDATE delivery_chunk c
SET state = 'done', settled = cardinality(c.recipients), ahead = cardinality(c.recipients), lease_until = NULL
FROM free WHERE c.id = free.id
RETURNING c.number;
