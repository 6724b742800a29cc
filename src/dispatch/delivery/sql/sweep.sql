-- An act upon readers of a send who stand alike, as many as are done in a moment: tried again now, by another relay if one is named, or
-- let go of. Of one heap, or (null) whatever the provider, relay and code. Whoever was answered after it was asked for, or is held by a
-- retry chunk, is left alone; `at` says that one is done. The index by heap finds them. Who is about to get a second copy after a doubt is
-- not moved: the relay that may have the letter alone gets it again. Their pasts name the act's entry in the audit log, which names nobody.
-- attempts - doubts stays: a provider that knows letters by keys is given the doubted one's again, and does not send it twice.
WITH now AS MATERIALIZED (SELECT clock_timestamp() AS moment), these AS (
    SELECT send_id, subscriber_id FROM delivery_exception
    WHERE send_id = %(send)s AND state = %(state)s
      AND (%(provider)s::smallint IS NULL OR provider_class = %(provider)s) AND (%(relay)s::bigint IS NULL OR answered_by = %(relay)s)
      AND (%(code)s::text IS NULL OR code = %(code)s)
      AND retry_chunk IS NULL AND at < %(asked)s
      AND (%(by_relay)s = 0 OR state <> 'deferred' OR doubts = 0)
      AND (%(readers)s::bigint[] IS NULL OR subscriber_id = ANY (%(readers)s::bigint[]))
    LIMIT %(size)s
    FOR UPDATE SKIP LOCKED
)
UPDATE delivery_exception x
SET state = %(to)s, at = now.moment, past = x.past || {past} || {deed},
    next_attempt_at = CASE WHEN %(to)s = 'deferred' THEN now.moment END,
    attempts = CASE WHEN %(to)s = 'deferred' THEN greatest(x.attempts - x.doubts, 0) ELSE x.attempts END,
    doubts = CASE WHEN %(to)s = 'deferred' THEN 0 ELSE x.doubts END,
    relay = CASE WHEN %(by_relay)s > 0 THEN %(by_relay)s ELSE x.relay END
FROM these, now WHERE x.send_id = these.send_id AND x.subscriber_id = these.subscriber_id
RETURNING 1;
