-- A free chunk of a send that overtakes others, the first of them. Asked before each claim: nearly always nothing is urgent, and
-- the partial index of urgent sends says so without a look at any chunk.
SELECT c.send_id, c.number
FROM delivery_send s
JOIN delivery_chunk c ON c.send_id = s.id
JOIN editions_edition e ON e.id = s.edition_id
WHERE {is_urgent_and_free}
ORDER BY s.id, c.number
LIMIT 1;
