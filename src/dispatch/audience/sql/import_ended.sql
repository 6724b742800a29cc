-- Those of a batch whom another system knows as gone, in three steps within the batch's transaction.
-- Why so: what is known of them is one blind index each, so that they are never written to, by whichever list they come in again.
-- Whoever has confirmed here since, by a letter to their own mailbox, knows better than an old list.
-- step: a place for them
CREATE TEMP TABLE IF NOT EXISTS ending (address_index bytea, reason text) ON COMMIT DROP;
TRUNCATE ending;
-- step: never to be written to; who left is forgotten with the tombstones, a mailbox that is gone stays gone
INSERT INTO audience_suppression (address_index, reason, created_at, expires_at)
SELECT DISTINCT ON (ending.address_index) ending.address_index, ending.reason, now(),
       CASE WHEN ending.reason = 'left' THEN %(expires)s::timestamptz END
FROM ending
WHERE NOT EXISTS (SELECT 1 FROM audience_subscriber r JOIN audience_subscription s ON s.subscriber_id = r.id
                  WHERE r.address_index = ending.address_index AND s.state = 'active' AND s.consent_source = ANY(%(confirmed)s))
ORDER BY ending.address_index, ending.reason
ON CONFLICT (address_index) DO NOTHING;
-- step: what an earlier file had brought
UPDATE audience_subscription s SET state = 'left', left_at = now()
FROM audience_subscriber r, audience_suppression x
WHERE s.subscriber_id = r.id AND x.address_index = r.address_index AND s.state = 'active'
  AND r.address_index IN (SELECT address_index FROM ending);
