-- Minutes of the day before yesterday and older become quarters of an hour, quarters of last week hours; what is older than ten weeks
-- goes. So the table stays small: some ten thousand rows of a busy newsroom.
WITH old AS (
    DELETE FROM operations_flow
    WHERE (minutes = 1 AND at < date_trunc('day', clock_timestamp()) - interval '2 days')
       OR (minutes = 15 AND at < date_trunc('day', clock_timestamp()) - interval '8 days')
    RETURNING *
), gone AS (
    DELETE FROM operations_flow WHERE minutes > 15 AND at < clock_timestamp() - interval '70 days'
), longer AS (
    SELECT CASE minutes WHEN 1 THEN date_bin('15 minutes', at, '2026-01-01Z') ELSE date_trunc('hour', at) END AS at,
           CASE minutes WHEN 1 THEN 15 ELSE 60 END AS minutes, kind, part, outcome,
           sum(count) AS count, sum(late) AS late, max(latest) AS latest
    FROM old GROUP BY 1, 2, 3, 4, 5
)
INSERT INTO operations_flow AS f (at, minutes, kind, part, outcome, count, late, latest)
SELECT at, minutes, kind, part, outcome, count, late, latest FROM longer
ON CONFLICT (at, minutes, kind, part, outcome) DO UPDATE
SET count = f.count + excluded.count, late = f.late + excluded.late, latest = greatest(f.latest, excluded.latest);
