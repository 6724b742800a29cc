-- What relays answered since the last look, and how late that was, from counters that only grow (delivery_tally, and by newsletter
-- delivery_newslettertally), to the minute of the look. The mark says up to where each counter is in; where there is none at all, the
-- counter is as old as the newsroom, and only its mark is set.
-- Where the last look is minutes or hours ago (is_late), no clock led meanwhile, and a counter does not say when it grew. The chunks
-- do: each is of the minute of its last answer (rung_at), so what a counter grew by is spread over its chunks' minutes by their
-- readers, in whole letters; what no chunk tells of stays with the look. Otherwise chunks are not read at all; then, the newest.
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
), ended AS (
    SELECT r.name || '/' || c.provider_class AS way, n.slug, date_trunc('minute', c.rung_at) AS at, sum(c.size) AS readers
    FROM delivery_chunk c JOIN delivery_relay r ON r.id = c.relay_id JOIN delivery_send s ON s.id = c.send_id
         JOIN editions_edition e ON e.id = s.edition_id JOIN audience_newsletter n ON n.id = e.newsletter_id
    WHERE %(is_late)s AND c.id > (SELECT coalesce(max(id), 0) - 100000 FROM delivery_chunk) AND c.state = 'done'
      AND c.rung_at BETWEEN %(since)s AND clock_timestamp()
    GROUP BY 1, 2, 3
), minutes AS (
    SELECT 'mail' AS kind, way AS part, at, sum(readers) AS readers FROM ended GROUP BY way, at
    UNION ALL
    SELECT 'mailing', slug, at, sum(readers) FROM ended GROUP BY slug, at
), shares AS (
    SELECT kind, part, at, readers / sum(readers) OVER whole AS share, sum(readers) OVER so_far / sum(readers) OVER whole AS upto
    FROM minutes WHERE readers > 0
    WINDOW whole AS (PARTITION BY kind, part), so_far AS (PARTITION BY kind, part ORDER BY at)
), spread AS (
    SELECT coalesce(at, date_trunc('minute', clock_timestamp())) AS at, kind, part, outcome, late * coalesce(share, 1) AS late,
           CASE WHEN at IS NULL THEN count ELSE round(count * upto) - round(count * (upto - share)) END AS count
    FROM grown LEFT JOIN shares USING (kind, part)
)
INSERT INTO operations_flow AS f (at, minutes, kind, part, outcome, count, late, latest)
SELECT at, 1, kind, part, outcome, count, greatest(late, 0), 0 FROM spread WHERE count > 0
ON CONFLICT (at, minutes, kind, part, outcome) DO UPDATE SET count = f.count + excluded.count, late = f.late + excluded.late;
