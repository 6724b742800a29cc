-- Of a cancelled send of an edition for readers' own rhythms: whoever surely has nothing is owed its stories again, those of the
-- variant that they were to get. Marking the exception and owing are one statement, so that a second look gives nothing twice; who
-- may have it (unknown, or once in doubt) is left. Who reads along with the newsletter by now gets a rhythm until they are told:
-- they were passed to its own editions with nothing owed, so these stories are all that they lack.
WITH given AS (
    UPDATE delivery_exception x SET state = 'owed', at = clock_timestamp(), past = x.past || {past}
    WHERE send_id = %(send)s AND state = 'cancelled' AND doubts = 0
    RETURNING subscriber_id, chunk
), theirs AS (
    SELECT given.subscriber_id, array_agg(split_part(label, '/', 1)::int) AS numbers
    FROM given
    JOIN delivery_chunk c ON c.send_id = %(send)s AND c.number = given.chunk
    JOIN editions_variant v ON v.id = c.variant_id
    CROSS JOIN LATERAL unnest(v.telling) AS label
    GROUP BY given.subscriber_id
)
INSERT INTO audience_rhythm AS o (subscription_id, hour, zone, discreet, since, told_to, held, due_at)
SELECT s.id, NULL, '', false, %(since)s, NULL, theirs.numbers, %(due)s
FROM theirs
JOIN audience_subscription s ON s.subscriber_id = theirs.subscriber_id AND s.newsletter_id = %(newsletter)s AND s.state = 'active'
ON CONFLICT (subscription_id) DO UPDATE
SET held = ARRAY(SELECT DISTINCT unnest(o.held || excluded.held) ORDER BY 1);
