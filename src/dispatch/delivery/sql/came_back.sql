-- A bounce or a complaint about a letter that was accepted, or of which something else was known. The same again changes nothing.
INSERT INTO delivery_exception AS x (send_id, subscriber_id, chunk, state, code, provider_class)
SELECT f.send_id, f.subscriber_id, f.chunk, %(state)s, %(code)s, c.provider_class
FROM delivery_fate f JOIN delivery_chunk c ON c.send_id = f.send_id AND c.number = f.chunk
WHERE f.send_id = %(send)s AND f.subscriber_id = %(reader)s AND f.fate <> 'forgotten'
ON CONFLICT (send_id, subscriber_id) DO UPDATE
SET state = excluded.state, code = excluded.code, next_attempt_at = NULL, retry_chunk = NULL, at = excluded.at, past = x.past || {past}
WHERE x.state <> excluded.state;
