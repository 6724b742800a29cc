-- Why readers of a send have no mail of it, from the exceptions and the cursors alone: a million readers are not laid out for it.
-- Who complained has it.
SELECT state, code, count(*) AS readers FROM delivery_exception
WHERE send_id = %(send)s AND state <> 'complained'
GROUP BY state, code
UNION ALL
SELECT v.fate, '', sum(v.readers)::bigint
FROM delivery_chunk c
CROSS JOIN LATERAL (VALUES ('in_flight', c.ahead - c.settled), ('untouched', cardinality(c.recipients) - c.ahead)) AS v (fate, readers)
WHERE c.send_id = %(send)s AND NOT c.is_retry
GROUP BY v.fate HAVING sum(v.readers) > 0
ORDER BY readers DESC, state, code;
