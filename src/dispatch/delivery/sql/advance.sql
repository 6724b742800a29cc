-- Settles what was answered and writes ahead what comes next, in one synchronous commit with the exceptions beside it.
-- The same statement renews the lease, notices pause, cancel and STOP (then nothing is granted beyond what was given out, and
-- once nothing is left of that the chunk is free again) and fences: no row means that someone else owns the chunk by now and
-- nothing may be written.
-- What is not urgent makes room in the same way while a chunk of an urgent send is free: its worker takes that one next.
-- Through which relay the letters leave is written ahead with them: should the worker die, those in doubt stay with that one.
-- It runs for each window and never looks at the recipients: to unpack a thousand of them cost as much as all the rest of it.
UPDATE delivery_chunk c
SET settled = %(settled)s,
    relay_id = %(relay)s,
    ahead = go.ahead,
    state = CASE WHEN %(settled)s = %(whole)s THEN 'done' WHEN go.ahead > %(settled)s THEN 'leased' ELSE 'pending' END,
    lease_until = CASE WHEN go.ahead > %(settled)s THEN clock_timestamp() + make_interval(secs => %(lease)s) END,
    takeovers = CASE WHEN %(settled)s > c.settled THEN 0 ELSE c.takeovers END,
    rung_at = clock_timestamp()
FROM (SELECT CASE WHEN mine.state IN ('sending', 'first_wave') AND {not_stopped} AND (mine.is_urgent OR NOT EXISTS (
                  SELECT FROM delivery_send s
                  JOIN delivery_chunk c ON c.send_id = s.id
                  JOIN editions_edition e ON e.id = s.edition_id
                  WHERE {is_urgent_and_free}))
             THEN %(ahead)s::int ELSE %(given)s::int END AS ahead
      FROM delivery_send mine JOIN editions_edition e ON e.id = mine.edition_id WHERE mine.id = %(send)s) AS go
WHERE c.id = %(chunk)s AND c.token = %(token)s AND c.state = 'leased'
RETURNING c.ahead;
