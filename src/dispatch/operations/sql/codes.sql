-- Why readers of one send are in one state: the commonest replies, from what is counted as it comes; and when the next try is due,
-- of the first thousand by their index.
SELECT (SELECT string_agg(code || ' (' || n || ')', ', ' ORDER BY n DESC, code) FROM (
            SELECT code, sum(readers) AS n FROM delivery_heaps
            WHERE send_id = %(send)s AND state = %(state)s AND code <> ''
            GROUP BY code ORDER BY n DESC, code LIMIT 4) AS commonest),
       (SELECT min(next_attempt_at) FROM (
            SELECT next_attempt_at FROM delivery_exception WHERE send_id = %(send)s AND state = %(state)s LIMIT 1000) AS first)
