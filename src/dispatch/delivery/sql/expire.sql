-- Past its send's time to live nothing is tried again by itself: who was put off is refused, with the last reply's code; who may
-- have got it already is unknown and waits for a person.
WITH now AS MATERIALIZED (SELECT clock_timestamp() AS moment)
UPDATE delivery_exception x
SET state = CASE WHEN x.doubts > 0 THEN 'unknown' ELSE 'refused' END, next_attempt_at = NULL, at = now.moment,
    past = x.past || {past} || concat_ws(' ', to_char(now.moment AT TIME ZONE 'UTC', {stamp}), 'expired',
                                         CASE WHEN x.doubts > 0 THEN 'unknown' ELSE 'refused' END)
FROM delivery_send s, now
WHERE s.id = x.send_id AND s.state IN ('sending', 'first_wave') AND s.expires_at < now.moment
  AND x.state = 'deferred' AND x.retry_chunk IS NULL;
