-- The last look before a post leaves: the claim is still ours and nothing holds it. What was put at the network first may have
-- taken minutes, in which someone pulled STOP, or the claim was taken for dead; so the lease begins anew here. What is said, what
-- was put there, and that the call is made is written down in the same statement: one round trip, one commit.
WITH ours AS (
    UPDATE social_post p SET lease_until = clock_timestamp() + interval '120 seconds'
    FROM social_channel c
    WHERE p.id = %(post)s AND p.token = %(token)s AND p.state = 'claimed'
      AND c.id = p.channel_id AND c.active AND {not_stopped} AND {not_embargoed}
    RETURNING p.id)
UPDATE social_attempt
SET key = %(key)s, frozen = %(frozen)s::jsonb, prepared = %(prepared)s::jsonb, called_at = clock_timestamp()
WHERE id = %(attempt)s AND EXISTS (SELECT FROM ours)
RETURNING called_at;
