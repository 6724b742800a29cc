-- Takes one change of a post that is out, for one worker, or nothing. Its post's row is locked by now, so two changes of one
-- post never run side by side. STOP holds edits, for they say something; it never holds a deletion. Refused credentials hold
-- both, since nothing would come of them.
UPDATE social_change h
SET state = 'claimed', token = h.token + 1, attempts_made = h.attempts_made + 1, rung_at = clock_timestamp(),
    lease_until = clock_timestamp() + interval '120 seconds'
FROM social_post p JOIN social_channel c ON c.id = p.channel_id
WHERE h.id = %(change)s AND h.state = 'waiting' AND h.due_at <= clock_timestamp()
  AND p.id = h.post_id AND p.state = 'sent' AND c.refused_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM social_change o WHERE o.post_id = h.post_id AND o.state = 'claimed')
  AND (h.act = 'delete' OR {not_stopped})
RETURNING h.id;
