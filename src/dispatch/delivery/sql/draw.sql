-- Letters that may leave now, from every bucket at once: as many as the emptiest has, "most" at most. A bucket holds a second's
-- worth; one that is new, or was lost with its unlogged table, begins with a single letter. Gives the permits, and how many
-- seconds until there is one. The rows are locked in one order, so that no two workers wait for each other, and the clock is read
-- once they are: what came meanwhile counts.
WITH wanted AS (
    SELECT * FROM unnest(%(classes)s::smallint[], %(rates)s::float8[]) AS w (provider_class, rate)
), locked AS (
    SELECT provider_class, level, at FROM delivery_relaypace
    WHERE relay_id = %(relay)s AND provider_class = ANY (%(classes)s::smallint[])
    ORDER BY provider_class FOR UPDATE
), filled AS MATERIALIZED (
    SELECT provider_class, rate, clock_timestamp() AS at,
           LEAST(GREATEST(1, rate), level + GREATEST(0, extract(epoch FROM clock_timestamp() - at)) * rate) AS level
    FROM locked JOIN wanted USING (provider_class)
), drawn AS (
    SELECT GREATEST(0, LEAST(%(most)s, min(floor(level))))::int AS permits, max((1 - level) / rate) AS wait FROM filled
    HAVING count(*) = cardinality(%(classes)s::smallint[])
), kept AS (
    UPDATE delivery_relaypace p SET level = filled.level - drawn.permits, at = filled.at
    FROM filled, drawn WHERE p.relay_id = %(relay)s AND p.provider_class = filled.provider_class
)
SELECT permits, CASE WHEN permits > 0 THEN 0 ELSE GREATEST(wait, 0) END::float8 FROM drawn;
