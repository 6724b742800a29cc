-- Why readers of one send are in one state: the commonest replies among the first thousand, and when the next try is due.
SELECT (SELECT string_agg(code || ' (' || n || ')', ', ' ORDER BY n DESC, code) FROM (
            SELECT code, count(*) AS n FROM (
                SELECT code FROM delivery_exception WHERE send_id = %(send)s AND state = %(state)s LIMIT 1000) AS first
            WHERE code <> '' GROUP BY code ORDER BY n DESC, code LIMIT 4) AS commonest),
       (SELECT min(next_attempt_at) FROM (
            SELECT next_attempt_at FROM delivery_exception WHERE send_id = %(send)s AND state = %(state)s LIMIT 1000) AS first)
