-- The last look before posts leave: each claim is still ours and nothing holds it. What was put at the network first may have
-- taken minutes, in which someone pulled STOP or took it back, or the claim was taken for dead; so the lease begins anew here. What is said, what
-- was put there, and that the call is made is written down in the same statement: one round trip, one commit.
WITH said AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(said)s::jsonb)
        AS (post bigint, token integer, attempt bigint, key text, frozen jsonb, prepared jsonb)
), ours AS (
    UPDATE social_post p SET lease_until = clock_timestamp() + interval '120 seconds'
    FROM said s, social_channel c
    WHERE p.id = s.post AND p.token = s.token AND p.state = 'claimed'
      AND c.id = p.channel_id AND c.active AND {not_stopped} AND {not_embargoed} AND {in_its_turn} AND {stands}
    RETURNING p.id
)
UPDATE social_attempt t
SET key = s.key, frozen = s.frozen, prepared = s.prepared, called_at = clock_timestamp()
FROM said s JOIN ours ON ours.id = s.post
WHERE t.id = s.attempt
RETURNING t.post_id;
