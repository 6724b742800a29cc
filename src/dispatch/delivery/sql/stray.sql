-- Exceptions that no settled position accounts for: there must be none. The other half of the accounting identity.
SELECT count(*) FROM delivery_exception x
WHERE x.send_id = %(send)s
  AND NOT EXISTS (SELECT 1 FROM delivery_chunk c WHERE c.send_id = x.send_id AND c.number = x.chunk AND NOT c.is_retry
                    AND array_position(c.recipients, x.subscriber_id) <= c.settled);
