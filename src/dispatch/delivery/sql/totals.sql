-- A send in numbers. Nothing of this is stored while it runs: a position below `settled` without an exception was accepted.
-- Readers are counted one by one, since what ends a send must not trust `size`; once they are struck out (strike.sql) that is all there is.
SELECT s.frozen_count,
       coalesce(c.enlisted, 0)::bigint, coalesce(c.settled, 0)::bigint, coalesce(c.ahead, 0)::bigint,
       (SELECT coalesce(jsonb_object_agg(state, n), '{}') FROM
           (SELECT state, count(*) AS n FROM delivery_exception WHERE send_id = s.id GROUP BY state) AS x)::text,
       extract(epoch FROM coalesce(s.finished_at, clock_timestamp()) - s.started_at)::float8
FROM delivery_send s
LEFT JOIN (SELECT send_id, sum(coalesce(cardinality(recipients), size)) AS enlisted, sum(settled) AS settled, sum(ahead) AS ahead
           FROM delivery_chunk WHERE send_id = %(send)s AND NOT is_retry GROUP BY send_id) c ON c.send_id = s.id
WHERE s.id = %(send)s;
