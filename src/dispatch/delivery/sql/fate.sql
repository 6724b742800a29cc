-- One row a reader of a send, in words. For one reader at a time, and for "who is missing". Once the exceptions of a send are
-- dropped nobody can be told from anybody any more, and it says so.
CREATE VIEW delivery_fate AS
SELECT c.send_id, r.subscriber_id, c.number AS chunk,
       CASE WHEN s.totals <> '{}' THEN 'forgotten'
            WHEN x.state IS NOT NULL THEN x.state
            WHEN r.place <= c.settled THEN 'sent'
            WHEN r.place <= c.ahead THEN 'in_flight'
            ELSE 'untouched' END AS fate,
       coalesce(x.code, '') AS code, x.next_attempt_at
FROM delivery_chunk c
JOIN delivery_send s ON s.id = c.send_id
CROSS JOIN LATERAL unnest(c.recipients) WITH ORDINALITY AS r (subscriber_id, place)
LEFT JOIN delivery_exception x ON x.send_id = c.send_id AND x.subscriber_id = r.subscriber_id
WHERE NOT c.is_retry;
