-- An act upon readers of one heap, as many as are done in a moment: tried again now, by another relay if one is named, or let go of.
-- Whoever was answered after it was asked for, or is held by a retry chunk, is left alone; `at` says that one is done. The index by
-- heap finds them. Who is about to get a second copy after a doubt is not moved: the relay that may have the letter alone gets it again.
-- attempts - doubts stays: a provider that knows letters by keys is given the doubted one's again, and does not send it twice.
WITH these AS (
    SELECT send_id, subscriber_id FROM delivery_exception
    WHERE send_id = %(send)s AND state = %(state)s AND provider_class = %(provider)s AND answered_by = %(relay)s AND code = %(code)s
      AND retry_chunk IS NULL AND at < %(asked)s
      AND (%(by_relay)s = 0 OR state <> 'deferred' OR doubts = 0)
      AND (%(readers)s::bigint[] IS NULL OR subscriber_id = ANY (%(readers)s::bigint[]))
    LIMIT %(size)s
    FOR UPDATE SKIP LOCKED
)
UPDATE delivery_exception x
SET state = %(to)s, at = clock_timestamp(), past = x.past || {past},
    next_attempt_at = CASE WHEN %(to)s = 'deferred' THEN clock_timestamp() END,
    attempts = CASE WHEN %(to)s = 'deferred' THEN greatest(x.attempts - x.doubts, 0) ELSE x.attempts END,
    doubts = CASE WHEN %(to)s = 'deferred' THEN 0 ELSE x.doubts END,
    relay = CASE WHEN %(by_relay)s > 0 THEN %(by_relay)s ELSE x.relay END
FROM these WHERE x.send_id = these.send_id AND x.subscriber_id = these.subscriber_id
RETURNING 1;
