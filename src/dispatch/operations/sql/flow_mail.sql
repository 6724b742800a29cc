-- What relays answered since the last look, and how late that was, from counters that only grow (delivery_tally, and by newsletter
-- delivery_newslettertally), to the minute of the look. The mark says up to where each counter is in; where there is none at all, the
-- counter is as old as the newsroom, and only its mark is set.
WITH read AS (
    SELECT 'mail' AS kind, r.name || '/' || t.provider_class AS part, t.outcome, t.letters AS total, t.late,
           r.name || '/' || t.provider_class || '/' || t.outcome AS counter
    FROM delivery_tally t JOIN delivery_relay r ON r.id = t.relay_id
    UNION ALL
    SELECT 'mailing', n.slug, t.outcome, t.letters, t.late, 'newsletter:' || n.slug || '/' || t.outcome
    FROM delivery_newslettertally t JOIN audience_newsletter n ON n.id = t.newsletter_id
), grown AS (
    SELECT read.kind, read.part, CASE outcome WHEN 'accepted' THEN 'sent' ELSE outcome END AS outcome,
           read.total - CASE WHEN m.counter IS NOT NULL THEN m.total WHEN marks.exist THEN 0 ELSE read.total END AS count,
           read.late - CASE WHEN m.counter IS NOT NULL THEN m.late WHEN marks.exist THEN 0 ELSE read.late END AS late
    FROM read LEFT JOIN operations_flowmark m USING (counter)
         CROSS JOIN (SELECT EXISTS (SELECT FROM operations_flowmark) AS exist) AS marks
), marked AS (
    INSERT INTO operations_flowmark AS m (counter, total, late) SELECT counter, total, late FROM read
    ON CONFLICT (counter) DO UPDATE SET total = excluded.total, late = excluded.late WHERE m.total <> excluded.total
)
INSERT INTO operations_flow AS f (at, minutes, kind, part, outcome, count, late, latest)
SELECT date_trunc('minute', clock_timestamp()), 1, kind, part, outcome, count, greatest(late, 0), 0 FROM grown WHERE count > 0
ON CONFLICT (at, minutes, kind, part, outcome) DO UPDATE SET count = f.count + excluded.count, late = f.late + excluded.late;
