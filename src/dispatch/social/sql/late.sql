-- Puts by what is late: it waits for a person on the page "Late". A post that comes round again is skipped instead: its next turn
-- comes by itself. What someone wants taken back, and a part whose turn has not come, are not late. Only the late are read: the
-- shorter of the two patiences bounds the index.
UPDATE social_post p
SET state = CASE WHEN p.again_id IS NULL THEN 'late' ELSE 'dropped' END,
    trouble = CASE WHEN p.again_id IS NULL THEN 'its moment passed, and nothing is sent late by itself'
                   ELSE 'skipped: its moment passed; it comes round again' END
WHERE p.id IN (
    SELECT p.id FROM social_post p
    WHERE p.state IN ('scheduled', 'deferred') AND (%(post)s::bigint IS NULL OR p.id = %(post)s)
      AND p.due_at < statement_timestamp() - make_interval(secs => least(%(late_placed)s, %(late_brought)s))
      AND {late} AND {in_its_turn}
    FOR UPDATE OF p SKIP LOCKED)
RETURNING p.id;
