-- Outcomes other than accepted, one row a reader. A reader who was deferred before keeps the row; its attempts grow, and the
-- answer that it had goes to its past. `relay` is the one to try next, where that is known; a relay that may have the letter since an
-- earlier doubt stays. `answered_by` is the one that said this.
INSERT INTO delivery_exception AS x (send_id, subscriber_id, chunk, state, code, attempts, next_attempt_at, retry_chunk, relay, at,
                                     provider_class, answered_by)
SELECT %(send)s, o.reader, %(number)s, o.state, o.code, 1, o.next_attempt_at, NULL, o.relay, clock_timestamp(), %(provider)s,
       coalesce(%(relay)s::bigint, 0)
FROM unnest(%(readers)s::bigint[], %(states)s::text[], %(codes)s::text[], %(moments)s::timestamptz[],
            %(relays)s::bigint[]) AS o (reader, state, code, next_attempt_at, relay)
ON CONFLICT (send_id, subscriber_id) DO UPDATE
SET state = excluded.state, code = excluded.code, attempts = x.attempts + 1, next_attempt_at = excluded.next_attempt_at,
    retry_chunk = NULL, relay = CASE WHEN x.doubts > 0 THEN x.relay ELSE excluded.relay END, at = excluded.at,
    answered_by = excluded.answered_by, past = x.past || {past}
WHERE x.state = 'deferred';
