-- Posts that wait for a worker: due, held by nothing, not rung within five seconds. Marks them as rung. A few at a time: a worker
-- that heard of one goes on to the next by itself, so a bell for each of ten thousand would mostly ring in vain.
-- A list of its own: PostgreSQL may ask a subquery in the condition anew for each row, and then its limit limits nothing.
WITH these AS MATERIALIZED (
    SELECT p.id FROM social_post p JOIN social_channel c ON c.id = p.channel_id
    WHERE {ready} AND (p.rung_at IS NULL OR p.rung_at < clock_timestamp() - interval '5 seconds')
    ORDER BY p.due_at LIMIT %(most)s FOR UPDATE OF p SKIP LOCKED)
UPDATE social_post p SET rung_at = clock_timestamp() FROM these WHERE p.id = these.id
RETURNING p.id;
