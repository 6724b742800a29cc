-- Adds the moves of delivery_heapmove to their sums. One statement: whoever reads sees a move either as itself or in its sum.
-- Sums of nought go with the next fold that finds them; a heap that nobody is in takes no place for ever.
WITH moved AS (
    DELETE FROM delivery_heapmove RETURNING send_id, state, provider_class, relay_id, code, readers
), summed AS (
    SELECT send_id, state, provider_class, relay_id, code, sum(readers) AS readers
    FROM moved GROUP BY 1, 2, 3, 4, 5
), emptied AS (
    DELETE FROM delivery_heap h WHERE readers = 0
      AND NOT EXISTS (SELECT FROM summed s WHERE (s.send_id, s.state, s.provider_class, s.relay_id, s.code)
                                               = (h.send_id, h.state, h.provider_class, h.relay_id, h.code))
)
INSERT INTO delivery_heap AS h (send_id, state, provider_class, relay_id, code, readers)
SELECT send_id, state, provider_class, relay_id, code, readers FROM summed ORDER BY 1, 2, 3, 4, 5
ON CONFLICT (send_id, state, provider_class, relay_id, code) DO UPDATE SET readers = h.readers + excluded.readers;
