-- A send in numbers for a page: as totals.sql, but exceptions as they were counted when they came, and those enlisted as they were
-- frozen: to ask ten thousand chunks how many readers they hold unpacks each, 0.8 s. What ends a send counts both (totals.sql).
SELECT s.frozen_count,
       CASE WHEN c.ahead IS NULL THEN 0 ELSE s.frozen_count END::bigint, coalesce(c.settled, 0)::bigint, coalesce(c.ahead, 0)::bigint,
       (SELECT coalesce(jsonb_object_agg(state, n), '{}') FROM
           (SELECT state, sum(readers) AS n FROM delivery_heaps WHERE send_id = s.id GROUP BY state) AS x)::text,
       extract(epoch FROM coalesce(s.finished_at, clock_timestamp()) - s.started_at)::float8
FROM delivery_send s
LEFT JOIN (SELECT send_id, sum(settled) AS settled, sum(ahead) AS ahead
           FROM delivery_chunk WHERE send_id = %(send)s AND NOT is_retry GROUP BY send_id) c ON c.send_id = s.id
WHERE s.id = %(send)s;
