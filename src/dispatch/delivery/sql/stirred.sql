-- Notes once a minute that a send moves: a worker holds a chunk of it, or one is to wait for a relay. What a person does to it is
-- noted by the act. Whoever holds the send's row meanwhile is not waited for: the next tick comes in a second.
UPDATE delivery_send s SET stirred_at = clock_timestamp()
WHERE s.id IN (SELECT id FROM delivery_send
               WHERE state IN ('sending', 'first_wave')
                 AND (stirred_at IS NULL OR stirred_at < clock_timestamp() - interval '1 minute')
               FOR NO KEY UPDATE SKIP LOCKED)
  AND EXISTS (SELECT FROM delivery_chunk c WHERE c.send_id = s.id AND NOT c.is_retry
              AND ((c.state = 'leased' AND c.lease_until > clock_timestamp())
                   OR (c.state = 'pending' AND c.not_before > clock_timestamp())));
