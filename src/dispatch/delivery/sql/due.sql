-- Chunks that a worker should hear of: free or with an expired lease, not rung within five seconds. Marks them as rung.
-- A list of its own, since PostgreSQL may ask a subquery in the condition anew for each row, and then its limit limits nothing.
WITH these AS MATERIALIZED (
    SELECT c.id FROM delivery_chunk c
    JOIN delivery_send s ON s.id = c.send_id AND (s.state = 'sending' OR (s.state = 'first_wave' AND (c.in_wave OR c.is_retry)))
    JOIN editions_edition e ON e.id = s.edition_id
    WHERE (c.state = 'pending' OR (c.state = 'leased' AND c.lease_until < clock_timestamp()))
      AND (c.not_before IS NULL OR c.not_before <= clock_timestamp())
      AND (c.rung_at IS NULL OR c.rung_at < clock_timestamp() - interval '5 seconds')
      AND {not_stopped}
    ORDER BY c.id
    LIMIT %(most)s
    FOR UPDATE OF c SKIP LOCKED)
UPDATE delivery_chunk c SET rung_at = clock_timestamp() FROM these WHERE c.id = these.id
RETURNING c.send_id, c.number;
