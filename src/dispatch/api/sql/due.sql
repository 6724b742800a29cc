-- Events that wait for a worker, marked as rung so that a doorbell each tick is not one too many. An endpoint gets a few at
-- once; one that does not answer gets one, so that it keeps no worker from the others.
WITH waiting AS (
    SELECT d.id, e.failing_since, row_number() OVER (PARTITION BY d.endpoint_id ORDER BY d.due_at, d.id) AS place
    FROM api_delivery d JOIN api_endpoint e ON e.id = d.endpoint_id
    WHERE d.state = 'waiting' AND e.active AND d.due_at <= clock_timestamp()
      AND (d.lease_until IS NULL OR d.lease_until < clock_timestamp())
      AND (d.rung_at IS NULL OR d.rung_at < clock_timestamp() - interval '10 s')
      AND {free}
)
UPDATE api_delivery d
SET rung_at = clock_timestamp()
FROM waiting w
WHERE d.id = w.id AND w.place <= CASE WHEN w.failing_since IS NULL THEN 20 ELSE 1 END
RETURNING d.id
