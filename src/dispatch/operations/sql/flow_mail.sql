-- What relays answered since the last look, from counters that only grow (delivery_tally), to the minute of the look. The mark says up
-- to where each counter is in; where there is none, the counter is as old as the newsroom, and only its mark is set.
WITH read AS (
    SELECT r.name || '/' || t.provider_class AS part, t.outcome, t.letters AS total,
           r.name || '/' || t.provider_class || '/' || t.outcome AS counter
    FROM delivery_tally t JOIN delivery_relay r ON r.id = t.relay_id
), grown AS (
    SELECT read.part, CASE outcome WHEN 'accepted' THEN 'sent' ELSE outcome END AS outcome,
           read.total - coalesce(m.total, CASE WHEN EXISTS (SELECT FROM operations_flowmark) THEN 0 ELSE read.total END) AS count
    FROM read LEFT JOIN operations_flowmark m USING (counter)
), marked AS (
    INSERT INTO operations_flowmark AS m (counter, total) SELECT counter, total FROM read
    ON CONFLICT (counter) DO UPDATE SET total = excluded.total WHERE m.total <> excluded.total
)
INSERT INTO operations_flow AS f (at, minutes, kind, part, outcome, count, late, latest)
SELECT date_trunc('minute', clock_timestamp()), 1, 'mail', part, outcome, count, 0, 0 FROM grown WHERE count > 0
ON CONFLICT (at, minutes, kind, part, outcome) DO UPDATE SET count = f.count + excluded.count;
