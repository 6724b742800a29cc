-- Sends that stood still for hours: nobody rang for their chunks, held one or was to wait for one. The clock was away, an old
-- database was brought back, or a STOP held them. They pause by themselves before anything is rung for again. Retries wait by
-- their nature and do not count.
UPDATE delivery_send s SET state = 'paused', is_held = true, trouble = %(why)s
FROM (SELECT c.send_id, max(greatest(c.rung_at, c.lease_until, c.not_before)) AS last
      FROM delivery_chunk c WHERE c.state IN ('pending', 'leased') AND NOT c.is_retry
      GROUP BY c.send_id) open
WHERE s.id = open.send_id AND s.state IN ('sending', 'first_wave')
  AND greatest(open.last, s.wave_over_at, s.started_at) < clock_timestamp() - make_interval(secs => %(late)s)
RETURNING s.id;
