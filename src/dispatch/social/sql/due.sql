-- Posts that wait for a worker: due, not held by a STOP, in their turn, not rung within five seconds. Marks them as rung.
UPDATE social_post p SET rung_at = clock_timestamp()
WHERE p.id IN (
    SELECT p.id FROM social_post p JOIN social_channel c ON c.id = p.channel_id AND c.active AND c.refused_at IS NULL
    WHERE p.state IN ('scheduled', 'deferred') AND p.due_at <= clock_timestamp()
      AND (p.rung_at IS NULL OR p.rung_at < clock_timestamp() - interval '5 seconds')
      AND {not_stopped} AND {not_embargoed} AND {in_its_turn}
    ORDER BY p.due_at LIMIT 1000 FOR UPDATE OF p SKIP LOCKED)
RETURNING p.id;
