-- The most letters that may still leave once a pause, cancel or STOP is committed: a window for each worker that holds a chunk. What
-- stands written ahead is less most of the time, but another commit of the worker may be under way beside this one.
SELECT coalesce(sum(least(CASE WHEN s.ambiguity = 'never_twice' THEN 1 ELSE %(window)s END,
                          cardinality(c.recipients) - c.settled)), 0)
FROM delivery_chunk c
JOIN delivery_send s ON s.id = c.send_id
JOIN editions_edition e ON e.id = s.edition_id
WHERE c.state = 'leased' AND c.lease_until > clock_timestamp()
  AND (%(send)s::bigint IS NULL OR c.send_id = %(send)s)
  AND (%(newsletter)s::bigint IS NULL OR e.newsletter_id = %(newsletter)s);
