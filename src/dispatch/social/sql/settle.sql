-- What became of attempts, on the attempts and on their posts, in one commit. A post changes only while the claim is this one's;
-- the attempt says what it was in any case, and what it would have said where it never came to the call. Then the parts of the
-- thread that waited for it. What did not go out, and whose article was taken back meanwhile, is withdrawn as it would have been
-- had nobody been posting it. The posts first: what is settled for the dead locks in that order, too.
WITH said AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(said)s::jsonb)
        AS (post bigint, token integer, attempt bigint, key text, frozen jsonb, outcome text, evidence jsonb,
            finished_at timestamptz, state text, trouble text, due_at timestamptz, sent_at timestamptz, remote_id text,
            remote_url text, given_back integer)
), judged AS (
    SELECT s.*, s.state IN ('deferred', 'refused') AND NOT {stands} AS fell
    FROM said s JOIN social_post p ON p.id = s.post
), mine AS (
    UPDATE social_post p
    SET lease_until = NULL, state = CASE WHEN s.fell THEN 'withdrawn' ELSE s.state END,
        trouble = CASE WHEN s.fell THEN 'its article was taken back while it was being posted' ELSE s.trouble END,
        before = CASE WHEN s.fell THEN jsonb_build_object('state', s.state, 'trouble', s.trouble) ELSE p.before END,
        due_at = coalesce(s.due_at, p.due_at), sent_at = coalesce(s.sent_at, p.sent_at),
        remote_id = coalesce(s.remote_id, p.remote_id), remote_url = coalesce(s.remote_url, p.remote_url),
        attempts_made = greatest(0, p.attempts_made - s.given_back)
    FROM judged s
    WHERE p.id = s.post AND p.token = s.token AND p.state IN ('claimed', 'unknown')
    RETURNING p.id
), tried AS (
    UPDATE social_attempt t
    SET outcome = s.outcome, evidence = s.evidence, finished_at = s.finished_at,
        key = CASE WHEN t.called_at IS NULL THEN s.key ELSE t.key END,
        frozen = CASE WHEN t.called_at IS NULL THEN s.frozen ELSE t.frozen END
    FROM said s
    WHERE t.id = s.attempt AND (SELECT count(*) FROM mine) >= 0
)
SELECT mine.id, ARRAY(SELECT f.id FROM social_post f WHERE f.follows_id = mine.id AND f.state IN ('scheduled', 'deferred')
                        AND f.due_at <= statement_timestamp())
FROM mine;
