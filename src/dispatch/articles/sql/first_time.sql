-- Whether this delivery is new: its number, or no row. One statement, so that of two deliveries that arrive at once the
-- second waits here until the first is committed, and is then a repeat.
INSERT INTO articles_webhookdelivery (source_id, delivery_id, body_hash, event, did, received_at)
VALUES (%s, %s, %s, %s, %s, now())
ON CONFLICT DO NOTHING
RETURNING id
