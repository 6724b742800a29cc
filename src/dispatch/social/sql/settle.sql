-- What became of an attempt, on the attempt and on its post, in one commit. The post changes only while the claim is this one's;
-- the attempt says what it was in any case, and what it would have said where it never came to the call. Then the parts of the
-- thread that waited for it.
WITH tried AS (
    UPDATE social_attempt
    SET outcome = %(outcome)s, evidence = %(evidence)s::jsonb, finished_at = %(now)s::timestamptz,
        key = CASE WHEN called_at IS NULL THEN %(key)s ELSE key END,
        frozen = CASE WHEN called_at IS NULL THEN %(frozen)s::jsonb ELSE frozen END
    WHERE id = %(attempt)s
), mine AS (
    UPDATE social_post
    SET lease_until = NULL, state = %(state)s, trouble = %(trouble)s,
        due_at = coalesce(%(due_at)s::timestamptz, due_at), sent_at = coalesce(%(sent_at)s::timestamptz, sent_at),
        remote_id = coalesce(%(remote_id)s, remote_id), remote_url = coalesce(%(remote_url)s, remote_url),
        attempts_made = greatest(0, attempts_made - %(given_back)s)
    WHERE id = %(post)s AND token = %(token)s AND state IN ('claimed', 'unknown')
    RETURNING id)
SELECT (SELECT id FROM mine),
       ARRAY(SELECT id FROM social_post WHERE follows_id = %(post)s AND state IN ('scheduled', 'deferred')
               AND due_at <= statement_timestamp());
