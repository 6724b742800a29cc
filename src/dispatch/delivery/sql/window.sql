-- The readers of a window, in its order, with what a message needs and whether it may still be sent: leaving and suppression
-- since the freeze are looked at again here, a moment before the mail would go.
SELECT r.id, r.address, r.name, s.handle,
       coalesce(s.state, 'left') = 'active'
         AND NOT EXISTS (SELECT 1 FROM audience_suppression x WHERE x.address_index = r.address_index
                           AND (x.expires_at IS NULL OR x.expires_at > clock_timestamp())) AS wanted,
       coalesce(d.attempts, 0)
FROM unnest(%(readers)s::bigint[]) WITH ORDINALITY AS w (id, place)
LEFT JOIN audience_subscriber r ON r.id = w.id
LEFT JOIN audience_subscription s ON s.subscriber_id = w.id AND s.newsletter_id = %(newsletter)s
LEFT JOIN delivery_exception d ON d.send_id = %(send)s AND d.subscriber_id = w.id
ORDER BY w.place;
