-- Readers who may or may not have got their mail (their worker died, or the reply after the final dot never came) become
-- exceptions. resend_once: due once more after a wait, with the same bytes and Message-ID; who is in doubt a second time, and
-- everyone under never_twice, is unknown and waits for a person. The relay that may have the letter is noted: no other gets it.
INSERT INTO delivery_exception AS x (send_id, subscriber_id, chunk, state, code, attempts, next_attempt_at, retry_chunk, doubts, relay, at,
                                     provider_class, answered_by)
SELECT %(send)s, reader, %(number)s, %(state)s, 'ambiguous', 1, clock_timestamp() + make_interval(secs => %(wait)s), NULL, 1,
       %(relay)s, clock_timestamp(), %(provider)s, coalesce(%(relay)s::bigint, 0)
FROM unnest(%(readers)s::bigint[]) AS reader
ON CONFLICT (send_id, subscriber_id) DO UPDATE
SET state = CASE WHEN x.doubts > 0 THEN 'unknown' ELSE excluded.state END,
    next_attempt_at = CASE WHEN x.doubts > 0 OR excluded.state = 'unknown' THEN NULL ELSE excluded.next_attempt_at END,
    code = 'ambiguous', attempts = x.attempts + 1, doubts = x.doubts + 1, retry_chunk = NULL,
    relay = excluded.relay, at = excluded.at, answered_by = excluded.answered_by, past = x.past || {past}
WHERE x.state = 'deferred';
