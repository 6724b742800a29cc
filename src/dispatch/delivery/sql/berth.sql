-- How many connections to a relay one process may have from now on: the lesser of its fair share and of what is free. Run under
-- the relay's lock (berths.py), so that what is counted stands until it is written.
--
-- Fair: each wish is cut into single berths, and they are dealt out one to each process, then a second to each, and so on, first
-- within each provider class up to its limit, then over the whole relay up to its own. What somebody cannot use so goes to the
-- others (max-min fairness). A letter that somebody waits for comes first; whoever is there longest keeps the odd one.
-- What a process really has ("standing"; null: what it said last) is counted even where it is above its share: it closes them, and
-- says so next time. Of one that begins an errand they rest: where its wish is in vain they count against the relay alone, or
-- those who wait for a provider would hold its berths with connections that carry nothing there.
WITH forgotten AS (
    DELETE FROM delivery_berth
    WHERE relay_id = %(relay)s AND holder <> %(holder)s AND until < clock_timestamp() - interval '1 minute'
), there AS (
    SELECT holder, provider_class, held, wanted, is_urgent, is_kept, since FROM delivery_berth
    WHERE relay_id = %(relay)s AND holder <> %(holder)s AND until > clock_timestamp()
), mine AS (
    SELECT COALESCE(min(since), clock_timestamp()) AS since, COALESCE(%(standing)s::int, min(held), 0) AS standing
    FROM delivery_berth WHERE relay_id = %(relay)s AND holder = %(holder)s AND until > clock_timestamp()
), wishes AS (
    SELECT holder, provider_class, wanted, is_urgent, since FROM there
    UNION ALL
    SELECT %(holder)s, %(provider)s::smallint, %(wanted)s::smallint, %(urgent)s, since FROM mine
), of_class AS (
    SELECT holder, is_urgent, since, turn, (%(by_class)s::jsonb ->> provider_class::text)::int AS most,
           row_number() OVER (PARTITION BY provider_class ORDER BY is_urgent DESC, turn, since, holder) AS place
    FROM wishes CROSS JOIN LATERAL generate_series(1, wanted) AS turn
), of_relay AS (
    SELECT holder, row_number() OVER (ORDER BY is_urgent DESC, turn, since, holder) AS place
    FROM of_class WHERE most IS NULL OR place <= most
), share AS (
    SELECT count(*) AS berths FROM of_relay
    WHERE holder = %(holder)s AND (%(most)s::int IS NULL OR place <= %(most)s::int)
), free AS (
    SELECT LEAST(%(most)s::int - COALESCE(sum(held), 0),
                 (%(by_class)s::jsonb ->> CAST(%(provider)s AS text))::int
                     - COALESCE(sum(held) FILTER (WHERE provider_class = %(provider)s AND is_kept), 0)) AS berths
    FROM there
), granted AS (
    SELECT GREATEST(0, LEAST(share.berths, free.berths))::int AS berths FROM share, free
), kept AS (
    SELECT granted.berths > 0 OR (NOT %(begins)s AND mine.standing > 0) AS is_so FROM granted, mine
)
INSERT INTO delivery_berth AS b (relay_id, holder, provider_class, held, wanted, is_urgent, is_kept, since, until)
SELECT %(relay)s, %(holder)s, %(provider)s, GREATEST(mine.standing, granted.berths), %(wanted)s, %(urgent)s, kept.is_so,
       mine.since, clock_timestamp() + make_interval(secs => CASE WHEN kept.is_so THEN %(lease)s ELSE %(wish)s END)
FROM granted, mine, kept
ON CONFLICT (relay_id, holder) DO UPDATE
SET provider_class = EXCLUDED.provider_class, held = EXCLUDED.held, wanted = EXCLUDED.wanted, is_urgent = EXCLUDED.is_urgent,
    is_kept = EXCLUDED.is_kept, since = EXCLUDED.since, until = EXCLUDED.until
RETURNING (SELECT berths FROM granted);
