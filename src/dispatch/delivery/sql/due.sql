-- Chunks that a worker should hear of: free or with an expired lease, not rung within five seconds. Marks them as rung.
UPDATE delivery_chunk c SET rung_at = clock_timestamp()
WHERE c.id IN (
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
RETURNING c.send_id, c.number;
