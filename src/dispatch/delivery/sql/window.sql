-- The readers of a window, in its order, with what a message needs and whether it may still be sent: leaving, pausing and suppression
-- since the freeze are looked at again here, a moment before the mail would go.
-- Each look-up is lateral and of one row, so that it goes by its index whatever the planner believes of the tables: after an
-- import, before they were analysed, it read all of a newsletter's subscriptions for each window (6.4 ms at 60,000 readers).
-- What a provider knows a letter by (attempts - doubts) changes with an answer that it was not taken, and stays while that is in doubt.
-- Only a retry chunk's readers can have an exception already. A window of 200 costs 3 µs a reader where it is planned once.
SELECT r.address, r.name, r.openpgp, s.handle, greatest(d.attempts - d.doubts, 0),
       coalesce(s.state, 'left') = 'active'
         AND (r.paused_until IS NULL OR r.paused_until <= clock_timestamp())
         AND NOT EXISTS (SELECT 1 FROM audience_suppression x WHERE x.address_index = r.address_index
                           AND (x.expires_at IS NULL OR x.expires_at > clock_timestamp())) AS wanted,
       coalesce(d.attempts, 0)
FROM unnest(%(readers)s::bigint[]) WITH ORDINALITY AS w (id, place)
LEFT JOIN LATERAL (SELECT * FROM audience_subscriber WHERE id = w.id LIMIT 1) r ON true
LEFT JOIN LATERAL (SELECT handle, state FROM audience_subscription
                   WHERE subscriber_id = w.id AND newsletter_id = %(newsletter)s LIMIT 1) s ON true
LEFT JOIN LATERAL (SELECT attempts, doubts FROM delivery_exception
                   WHERE %(is_retry)s AND send_id = %(send)s AND subscriber_id = w.id LIMIT 1) d ON true
ORDER BY w.place;
