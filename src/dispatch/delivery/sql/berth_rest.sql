-- A process is done with its errand, and some of its connections rest for the next one: as many as it could claim if it still
-- wanted them. Run under the relay's lock. Rested, they count against the relay alone; the row ends by itself just after they do.
WITH wishes AS (
    SELECT holder, wanted, is_urgent, since FROM delivery_berth
    WHERE relay_id = %(relay)s AND until > clock_timestamp() AND (wanted > 0 OR holder = %(holder)s)
), dealt AS (
    SELECT holder, row_number() OVER (ORDER BY is_urgent DESC, turn, since, holder) AS place
    FROM wishes CROSS JOIN LATERAL
        generate_series(1, CASE WHEN holder = %(holder)s THEN %(resting)s ELSE wanted END) AS turn
), kept AS (
    SELECT count(*)::int AS berths FROM dealt WHERE holder = %(holder)s AND place <= %(most)s
)
UPDATE delivery_berth SET held = kept.berths, wanted = 0, is_urgent = false, is_kept = false, provider_class = -1,
       until = clock_timestamp() + make_interval(secs => %(seconds)s)
FROM kept WHERE relay_id = %(relay)s AND holder = %(holder)s
RETURNING held;
