-- Sends that stood still for hours: no worker held a chunk of theirs, and none was to wait for a relay. The clock, the workers or
-- the broker were away, an old database was brought back, or a STOP held them. They pause by themselves. That the clock rang for
-- their chunks all the while is no movement (stirred.sql), and retries wait by their nature. Chunks are looked at only of a send
-- whose moments are old already.
UPDATE delivery_send s SET state = 'paused', is_held = true, trouble = %(why)s
WHERE s.id IN (SELECT id FROM delivery_send WHERE state IN ('sending', 'first_wave') FOR NO KEY UPDATE SKIP LOCKED)
  AND greatest(s.stirred_at, s.started_at, s.wave_until, s.wave_over_at) < clock_timestamp() - make_interval(secs => %(late)s)
  AND EXISTS (SELECT FROM delivery_chunk c WHERE c.send_id = s.id AND c.state IN ('pending', 'leased') AND NOT c.is_retry)
  AND NOT EXISTS (SELECT FROM delivery_chunk c WHERE c.send_id = s.id
                  AND ((c.state = 'leased' AND c.lease_until > clock_timestamp())
                       OR (c.state = 'pending' AND c.not_before > clock_timestamp())))
RETURNING s.id;
