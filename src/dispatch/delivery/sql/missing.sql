-- Why readers of a send have no mail of it, from what is counted as it comes and the cursors: a million readers are not laid out.
-- Who is untouched is told by the frozen count: to ask ten thousand chunks how many readers they hold unpacks each, 0.7 s.
-- Who complained has it.
SELECT state, code, sum(readers)::bigint AS readers FROM delivery_heaps
WHERE send_id = %(send)s AND state <> 'complained'
GROUP BY state, code
UNION ALL
SELECT v.fate, '', v.readers::bigint
FROM (SELECT s.frozen_count, sum(c.settled) AS settled, sum(c.ahead) AS ahead
      FROM delivery_send s JOIN delivery_chunk c ON c.send_id = s.id AND NOT c.is_retry
      WHERE s.id = %(send)s GROUP BY s.frozen_count) AS sums
CROSS JOIN LATERAL (VALUES ('in_flight', ahead - settled), ('untouched', frozen_count - ahead)) AS v (fate, readers)
WHERE v.readers > 0
ORDER BY readers DESC, state, code;
