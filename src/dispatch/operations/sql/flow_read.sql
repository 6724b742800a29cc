-- A chart's points: what flowed in each stretch of `step` seconds, by outcome, and how late it was. A day of minutes is some
-- thousands of rows by the index on their moment, ten weeks of quarters some tens of thousands at most.
SELECT extract(epoch FROM date_bin(make_interval(secs => %(step)s), at, '2026-01-01Z'))::bigint AS since, outcome,
       sum(count)::bigint, sum(late)::float8, max(latest)::float8
FROM operations_flow
WHERE at >= %(since)s AND at < %(until)s AND kind = %(kind)s AND (%(part)s = '' OR part = %(part)s OR part LIKE %(prefix)s)
GROUP BY 1, 2 ORDER BY 1
