-- Past its send's time to live nothing is tried again by itself: who was put off is refused, with the last reply's code; who may
-- have got it already is unknown and waits for a person.
UPDATE delivery_exception x
SET state = CASE WHEN x.doubts > 0 THEN 'unknown' ELSE 'refused' END, next_attempt_at = NULL, at = clock_timestamp()
FROM delivery_send s
WHERE s.id = x.send_id AND s.state IN ('sending', 'first_wave') AND s.expires_at < clock_timestamp()
  AND x.state = 'deferred' AND x.retry_chunk IS NULL;
