-- Keep a webhook, or learn what became of the same one before: one round trip while the CMS waits, which gives it two
-- seconds (Ghost) and no second chance. Of two that arrive at once the second waits here until the first is committed; it
-- then has no row of either kind, since a statement does not see what began after it, and is a repeat all the same.
-- The last column counts to BUSY those that no worker has taken in yet: a worker that has as many before it finds this one too.
WITH kept AS (
    INSERT INTO articles_webhookdelivery (source_id, delivery_id, body_hash, event, said, due_at, did, why, received_at)
    VALUES (%(source)s, %(delivery)s, %(hash)s, %(event)s, %(said)s,
            CASE WHEN %(said)s <> '' THEN now() END, %(did)s, %(why)s, now())
    ON CONFLICT DO NOTHING
    RETURNING id
),
waiting AS (
    SELECT 1
    FROM articles_webhookdelivery
    WHERE source_id = %(source)s AND due_at IS NOT NULL AND did = 'received'
    ORDER BY id DESC
    LIMIT %(busy)s
)
SELECT kept.id, before.did, before.why, (SELECT count(*) FROM waiting)
FROM (SELECT 1) AS always
LEFT JOIN kept ON true
LEFT JOIN articles_webhookdelivery AS before
    ON before.source_id = %(source)s AND before.delivery_id = %(delivery)s
