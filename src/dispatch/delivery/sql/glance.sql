-- A send in numbers for a page: as totals.sql, but exceptions as they were counted when they came, whose truth is that of a look.
-- What ends a send counts them (totals.sql).
SELECT s.frozen_count,
       coalesce(c.enlisted, 0)::bigint, coalesce(c.settled, 0)::bigint, coalesce(c.ahead, 0)::bigint,
       (SELECT coalesce(jsonb_object_agg(state, n), '{}') FROM
           (SELECT state, sum(readers) AS n FROM delivery_heaps WHERE send_id = s.id GROUP BY state) AS x)::text,
       extract(epoch FROM coalesce(s.finished_at, clock_timestamp()) - s.started_at)::float8
FROM delivery_send s
LEFT JOIN (SELECT send_id, sum(cardinality(recipients)) AS enlisted, sum(settled) AS settled, sum(ahead) AS ahead
           FROM delivery_chunk WHERE send_id = %(send)s AND NOT is_retry GROUP BY send_id) c ON c.send_id = s.id
WHERE s.id = %(send)s;
