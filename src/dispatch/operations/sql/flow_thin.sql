-- Minutes of the day before yesterday and older become quarters of an hour; what is older than ten weeks goes.
WITH old AS (
    DELETE FROM operations_flow WHERE minutes = 1 AND at < date_trunc('day', clock_timestamp()) - interval '2 days'
    RETURNING *
), gone AS (
    DELETE FROM operations_flow WHERE minutes > 1 AND at < clock_timestamp() - interval '70 days'
), quarters AS (
    SELECT date_bin('15 minutes', at, '2026-01-01Z') AS at, kind, part, outcome, sum(count) AS count, sum(late) AS late, max(latest) AS latest
    FROM old GROUP BY 1, 2, 3, 4
)
INSERT INTO operations_flow AS f (at, minutes, kind, part, outcome, count, late, latest)
SELECT at, 15, kind, part, outcome, count, late, latest FROM quarters
ON CONFLICT (at, minutes, kind, part, outcome) DO UPDATE
SET count = f.count + excluded.count, late = f.late + excluded.late, latest = greatest(f.latest, excluded.latest);
