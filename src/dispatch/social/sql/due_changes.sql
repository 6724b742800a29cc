-- Changes that wait for a worker: due, of posts that are out, not rung within five seconds, and
-- none of a channel whose credentials are refused. Marks them as rung.
-- A list of its own: PostgreSQL may ask a subquery in the condition anew for each row, and then its limit limits nothing.
WITH these AS MATERIALIZED (
    SELECT h.id FROM social_change h JOIN social_post p ON p.id = h.post_id JOIN social_channel c ON c.id = p.channel_id
    WHERE h.state = 'waiting' AND h.due_at <= clock_timestamp() AND p.state = 'sent'
      AND c.refused_at IS NULL AND (h.rung_at IS NULL OR h.rung_at < clock_timestamp() - interval '5 seconds')
      AND (h.act = 'delete' OR {not_stopped})
    ORDER BY h.due_at LIMIT 100 FOR UPDATE OF h SKIP LOCKED)
UPDATE social_change h SET rung_at = clock_timestamp() FROM these WHERE h.id = these.id
RETURNING h.id;
