-- Every send whose exceptions are still kept, with its positions and its exceptions by state. Asked every second while somebody
-- looks, so it never counts a state past the cap: each cell is an index scan that ends there, a million exceptions or not.
WITH kept AS (
    SELECT id, state, frozen_count, ambiguity FROM delivery_send
    WHERE state NOT IN ('draft', 'finished', 'cancelled') OR (totals = '{}' AND finished_at > now() - interval '8 days')
), positions AS (
    SELECT k.id, coalesce(sum(c.settled) FILTER (WHERE NOT c.is_retry), 0) AS settled,
           coalesce(sum(c.ahead) FILTER (WHERE NOT c.is_retry), 0) AS ahead,
           coalesce(sum(c.ahead - c.settled), 0) AS on_the_wire,
           coalesce(sum(CASE WHEN c.state = 'leased' AND c.lease_until > clock_timestamp()
                             THEN least(CASE WHEN k.ambiguity = 'never_twice' THEN 1 ELSE %(window)s END,
                                        cardinality(c.recipients) - c.settled) END), 0) AS may_leave
    FROM kept k LEFT JOIN delivery_chunk c ON c.send_id = k.id
    GROUP BY k.id
), cells AS (
    SELECT k.id, s.state, n.count
    FROM kept k
    CROSS JOIN unnest(%(states)s::text[]) AS s(state)
    CROSS JOIN LATERAL (
        SELECT count(*) AS count FROM (
            SELECT FROM delivery_exception x WHERE x.send_id = k.id AND x.state = s.state LIMIT %(cap)s + 1) AS capped
    ) AS n
    WHERE n.count > 0
)
SELECT k.id, k.state, k.frozen_count, p.settled, p.ahead - p.settled, k.frozen_count - p.ahead, p.on_the_wire, p.may_leave,
       coalesce((SELECT jsonb_object_agg(c.state, c.count) FROM cells c WHERE c.id = k.id), '{}')
FROM kept k JOIN positions p ON p.id = k.id
ORDER BY k.id DESC
