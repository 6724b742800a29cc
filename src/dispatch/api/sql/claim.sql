-- One worker takes an event for as long as an attempt can last. No row: it is another's, is not due, or may not be told yet.
-- The attempt's number is the fencing token: who comes back late finds another there.
UPDATE api_delivery d
SET lease_until = clock_timestamp() + interval '60 s', attempts_made = d.attempts_made + 1
FROM api_endpoint e
WHERE d.id = %(delivery)s AND e.id = d.endpoint_id AND e.active
  AND d.state = 'waiting' AND d.due_at <= clock_timestamp()
  AND (d.lease_until IS NULL OR d.lease_until < clock_timestamp())
  AND {free}
RETURNING d.attempts_made
