-- Outcomes other than accepted, one row a reader. A reader who was deferred before keeps the row; its attempts grow, and the
-- answer that it had goes to its past.
INSERT INTO delivery_exception AS x (send_id, subscriber_id, chunk, state, code, attempts, next_attempt_at, retry_chunk, at,
                                     provider_class, relay_id)
SELECT %(send)s, o.reader, %(number)s, o.state, o.code, 1, o.next_attempt_at, NULL, clock_timestamp(), %(provider)s, %(relay)s
FROM unnest(%(readers)s::bigint[], %(states)s::text[], %(codes)s::text[], %(moments)s::timestamptz[])
     AS o (reader, state, code, next_attempt_at)
ON CONFLICT (send_id, subscriber_id) DO UPDATE
SET state = excluded.state, code = excluded.code, attempts = x.attempts + 1, next_attempt_at = excluded.next_attempt_at,
    retry_chunk = NULL, at = excluded.at, relay_id = excluded.relay_id,
    past = x.past || {past}
WHERE x.state = 'deferred';
