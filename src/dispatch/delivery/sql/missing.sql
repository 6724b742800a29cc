-- Why readers of a send have no mail of it, from what is counted as it comes and the cursors: a million readers are not laid out.
-- Who complained has it.
SELECT state, code, sum(readers)::bigint AS readers FROM delivery_heaps
WHERE send_id = %(send)s AND state <> 'complained'
GROUP BY state, code
UNION ALL
SELECT v.fate, '', sum(v.readers)::bigint
FROM delivery_chunk c
CROSS JOIN LATERAL (VALUES ('in_flight', c.ahead - c.settled), ('untouched', cardinality(c.recipients) - c.ahead)) AS v (fate, readers)
WHERE c.send_id = %(send)s AND NOT c.is_retry
GROUP BY v.fate HAVING sum(v.readers) > 0
ORDER BY readers DESC, state, code;
