-- Takes one due post for one worker, or nothing. STOP and the channel's own switch are read here; the token grows with each
-- claim and fences off a worker that wakes up late. At most two attempts in a post's life, ever. A further part of a thread
-- waits until the part before it is out and it is known where; what someone wants taken back does not go out at all, and what
-- is very late not by itself.
UPDATE social_post p
SET state = 'claimed', token = p.token + 1, attempts_made = p.attempts_made + 1, rung_at = clock_timestamp(),
    lease_until = clock_timestamp() + interval '120 seconds'
FROM social_channel c
WHERE p.id = (SELECT id FROM social_post WHERE id = %(post)s AND state IN ('scheduled', 'deferred')
                AND due_at BETWEEN clock_timestamp() - make_interval(secs => %(late)s) AND clock_timestamp() FOR UPDATE SKIP LOCKED)
  AND c.id = p.channel_id AND c.active AND c.refused_at IS NULL AND p.attempts_made < %(most)s
  AND {not_stopped} AND {not_embargoed} AND {in_its_turn}
RETURNING p.id, p.token;
