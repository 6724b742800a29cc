-- What became of posts, renders and articles since two minutes before the last look, counted anew each time, so that a look that
-- is missed, for hours even, or made twice changes nothing. A render that failed is of the minute in which a worker was asked for it, up to ten minutes
-- ago; a webhook that could not be taken in is put off by `again` from the moment that it failed. Read from the newest rows by their primary keys: it takes the same time in an old newsroom.
WITH moments AS (
    SELECT 'post' AS kind, c.slug AS part, a.outcome, a.finished_at AS at,
           CASE WHEN a.number = 1 AND p.placed THEN extract(epoch FROM a.started_at - p.due_at) END AS late
    FROM social_attempt a JOIN social_post p ON p.id = a.post_id JOIN social_channel c ON c.id = p.channel_id
    WHERE a.id > (SELECT coalesce(max(id), 0) - 20000 FROM social_attempt) AND a.outcome <> '' AND a.finished_at >= %(since)s
    UNION ALL
    SELECT 'render', n.slug, 'sent', e.rendered_at, extract(epoch FROM e.rendered_at - e.due_at)
    FROM editions_edition e JOIN audience_newsletter n ON n.id = e.newsletter_id
    WHERE e.id > (SELECT coalesce(max(id), 0) - 2000 FROM editions_edition) AND e.rendered_at >= %(since)s
    UNION ALL
    SELECT 'render', n.slug, 'refused', e.rung_at, NULL
    FROM editions_edition e JOIN audience_newsletter n ON n.id = e.newsletter_id
    WHERE e.id > (SELECT coalesce(max(id), 0) - 2000 FROM editions_edition) AND e.state = 'failed'
      AND e.rung_at >= %(since)s - interval '10 minutes'
    UNION ALL
    SELECT 'send', n.slug, 'sent', s.started_at, extract(epoch FROM s.started_at - e.due_at)
    FROM delivery_send s JOIN editions_edition e ON e.id = s.edition_id JOIN audience_newsletter n ON n.id = e.newsletter_id
    WHERE s.id > (SELECT coalesce(max(id), 0) - 2000 FROM delivery_send) AND s.started_at >= %(since)s
    UNION ALL
    SELECT 'article', o.slug, 'sent', a.planned_at, extract(epoch FROM a.planned_at - r.received_at)
    FROM articles_article a JOIN articles_source o ON o.id = a.source_id JOIN articles_revision r ON r.id = a.current_id
    WHERE a.id > (SELECT coalesce(max(id), 0) - 5000 FROM articles_article) AND a.planned_at >= %(since)s
    UNION ALL
    SELECT 'article', o.slug, 'refused', d.due_at - %(again)s, NULL
    FROM articles_webhookdelivery d JOIN articles_source o ON o.id = d.source_id
    WHERE d.due_at IS NOT NULL AND d.did = 'failed' AND d.due_at - %(again)s >= %(since)s
)
INSERT INTO operations_flow (at, minutes, kind, part, outcome, count, late, latest)
SELECT date_trunc('minute', at), 1, kind, part, outcome, count(*), coalesce(sum(greatest(late, 0)), 0), coalesce(max(greatest(late, 0)), 0)
FROM moments GROUP BY 1, kind, part, outcome
ON CONFLICT (at, minutes, kind, part, outcome) DO UPDATE SET count = excluded.count, late = excluded.late, latest = excluded.latest;
