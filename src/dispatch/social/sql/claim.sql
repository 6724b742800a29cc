-- Takes due posts for one worker and writes their attempts, in one statement, before any byte leaves; or takes nothing. STOP, the
-- channel's own switch, embargo and the thread's turn are read here. The token grows with each claim and fences off a worker that
-- wakes up late.
--
-- The post that a doorbell named comes first; "others" are the next that are due, of any channel: with ten thousand posts due in a
-- minute most doorbells come in vain, and a statement for each post costs more than the post. One of a channel at a time: so a
-- network that hangs has one of a worker's threads, and a channel's posts leave in their order. What is locked here and not taken
-- is free again with the commit. What a network needs to know of the article, the channel and the part before it comes along.
WITH named AS MATERIALIZED (
    SELECT p.id, p.channel_id, p.due_at FROM social_post p JOIN social_channel c ON c.id = p.channel_id
    WHERE p.id = %(post)s AND p.channel_id <> ALL (%(busy)s::bigint[]) AND {ready}
    FOR UPDATE OF p SKIP LOCKED
), next AS MATERIALIZED (
    SELECT p.id, p.channel_id, p.due_at FROM social_post p JOIN social_channel c ON c.id = p.channel_id
    WHERE p.channel_id <> ALL (%(busy)s::bigint[]) AND {ready}
    ORDER BY p.due_at LIMIT %(others)s
    FOR UPDATE OF p SKIP LOCKED
), first AS (
    SELECT DISTINCT ON (channel_id) id
    FROM (SELECT 0 AS rank, * FROM named UNION ALL SELECT 1, * FROM next) each
    ORDER BY channel_id, rank, due_at, id
), mine AS (
    UPDATE social_post p
    SET state = 'claimed', token = p.token + 1, attempts_made = p.attempts_made + 1, rung_at = clock_timestamp(),
        lease_until = clock_timestamp() + interval '120 seconds'
    FROM first WHERE p.id = first.id
    RETURNING p.*
), written AS (
    INSERT INTO social_attempt (post_id, number, key, frozen, evidence, outcome, started_at)
    SELECT id, coalesce((SELECT max(number) FROM social_attempt a WHERE a.post_id = mine.id), 0) + 1, '', '{}', '{}', '',
           clock_timestamp()
    FROM mine
    RETURNING id, post_id, number, started_at
)
SELECT p.id, p.channel_id, p.story_id, p.article_id, p.turn, p.place, p.follows_id, p.text, p.link, p.language,
       p.content_warning, p.settings, p.state, p.due_at, p.placed, p.again_id, p.attempts_made, p.token,
       w.id, w.number, w.started_at,
       c.id, c.slug, c.name, c.network, c.server, c.account, c.credentials, c.limits, c.settings, c.zone, c.quiet_from, c.quiet_to,
       a.id, a.state, r.id, r.title, r.summary, r.picture_url,
       f.id, f.remote_id,
       EXISTS (SELECT FROM social_postmedia m WHERE m.post_id = p.id)
FROM mine p
JOIN written w ON w.post_id = p.id
JOIN social_channel c ON c.id = p.channel_id
JOIN articles_article a ON a.id = p.article_id
LEFT JOIN articles_revision r ON r.id = a.current_id
LEFT JOIN social_post f ON f.id = p.follows_id
ORDER BY p.due_at, p.id;
