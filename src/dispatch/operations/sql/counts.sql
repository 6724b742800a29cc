-- What waits besides mail: (kind, column, how many, the oldest's moment). One statement, so that the numbers are of one moment.
SELECT 'webhook', CASE did WHEN 'failed' THEN 'failed' ELSE 'due' END, count(*), min(received_at)
FROM articles_webhookdelivery
WHERE due_at IS NOT NULL
GROUP BY 2
UNION ALL
SELECT 'article', 'due', count(*), min(coalesce(r.received_at, a.published_at))
FROM articles_article a JOIN articles_story t ON t.id = a.story_id LEFT JOIN articles_revision r ON r.id = a.current_id
WHERE a.planned_at IS NULL AND (t.embargo_until IS NULL OR t.embargo_until <= clock_timestamp())
UNION ALL
SELECT 'article', 'deferred', count(*), min(noted_at) FROM articles_hint
UNION ALL
SELECT 'edition', CASE WHEN state IN ('failed', 'late') THEN 'failed' ELSE 'due' END, count(*), min(due_at)
FROM editions_edition
WHERE state IN ('due', 'failed', 'late') OR (state = 'gathering' AND due_at <= clock_timestamp())
GROUP BY 2
UNION ALL
SELECT 'chunk', CASE c.state WHEN 'pending' THEN 'due' WHEN 'leased' THEN 'underway' ELSE 'failed' END, count(*), min(s.started_at)
FROM delivery_chunk c JOIN delivery_send s ON s.id = c.send_id
WHERE c.state IN ('pending', 'leased', 'stuck') AND s.state NOT IN ('finished', 'cancelled')
GROUP BY 2
UNION ALL
SELECT 'post', CASE state WHEN 'scheduled' THEN 'due' WHEN 'claimed' THEN 'underway' WHEN 'refused' THEN 'failed'
                         WHEN 'draft' THEN 'failed' WHEN 'late' THEN 'failed' ELSE state END,
       count(*), min(due_at)
FROM social_post
WHERE state IN ('claimed', 'deferred', 'late', 'refused', 'unknown') OR (state = 'scheduled' AND due_at <= clock_timestamp())
   OR (state = 'draft' AND trouble <> '')
GROUP BY 2
UNION ALL
SELECT 'letter', CASE WHEN state = 'sending' THEN 'underway' WHEN attempts > 0 THEN 'deferred' ELSE 'due' END, count(*), min(written_at)
FROM audience_letter
WHERE state IN ('waiting', 'sending')
GROUP BY 2
UNION ALL
SELECT 'letter', CASE state WHEN 'unknown' THEN 'unknown' ELSE 'failed' END, count(*), min(written_at)
FROM audience_letter
WHERE state IN ('refused', 'unknown', 'late') AND written_at > clock_timestamp() - interval '1 day'
GROUP BY 2;
