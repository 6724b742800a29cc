-- Settles what was answered and writes ahead what comes next, in one synchronous commit with the exceptions beside it.
-- The same statement renews the lease, notices pause, cancel and STOP (then nothing is granted: ahead = settled and the chunk
-- is free again) and fences: no row means that someone else owns the chunk by now and nothing may be written.
UPDATE delivery_chunk c
SET settled = %(settled)s,
    ahead = CASE WHEN go.on_ THEN %(ahead)s ELSE %(settled)s END,
    state = CASE WHEN %(settled)s = cardinality(c.recipients) THEN 'done' WHEN go.on_ THEN 'leased' ELSE 'pending' END,
    lease_until = CASE WHEN go.on_ THEN clock_timestamp() + make_interval(secs => %(lease)s) END,
    takeovers = CASE WHEN %(settled)s > c.settled THEN 0 ELSE c.takeovers END,
    rung_at = clock_timestamp()
FROM (SELECT s.state IN ('sending', 'first_wave') AND {not_stopped} AS on_
      FROM delivery_send s JOIN editions_edition e ON e.id = s.edition_id WHERE s.id = %(send)s) AS go
WHERE c.id = %(chunk)s AND c.token = %(token)s AND c.state = 'leased'
RETURNING c.ahead;
