-- Deferrals that are due become retry chunks, by their first chunk's variant and provider class. A retry chunk only names
-- readers: their exception row stays the truth, and first-round positions alone are counted. Whom a person moved to another relay
-- are in chunks that go by it.
WITH due AS (
    SELECT x.send_id, x.subscriber_id, x.chunk, x.by_relay
    FROM delivery_exception x
    JOIN delivery_send s ON s.id = x.send_id AND s.state IN ('sending', 'first_wave')
    WHERE x.state = 'deferred' AND x.retry_chunk IS NULL AND x.next_attempt_at <= clock_timestamp()
    ORDER BY x.next_attempt_at
    LIMIT 20000
    FOR UPDATE OF x SKIP LOCKED
), placed AS (
    SELECT due.send_id, due.subscriber_id, c.variant_id, c.provider_class, due.by_relay,
           (row_number() OVER (PARTITION BY due.send_id, c.variant_id, c.provider_class, due.by_relay ORDER BY due.subscriber_id) - 1)
               / %(size)s AS piece
    FROM due JOIN delivery_chunk c ON c.send_id = due.send_id AND c.number = due.chunk
), cut AS (
    SELECT send_id, variant_id, provider_class, by_relay, array_agg(subscriber_id ORDER BY subscriber_id) AS recipients
    FROM placed GROUP BY send_id, variant_id, provider_class, by_relay, piece
), written AS (
    INSERT INTO delivery_chunk
        (send_id, number, variant_id, provider_class, in_wave, is_retry, recipients, settled, ahead, state, token, takeovers,
         trouble, relay_id)
    SELECT send_id,
           (SELECT max(number) FROM delivery_chunk old WHERE old.send_id = cut.send_id)
               + row_number() OVER (PARTITION BY send_id ORDER BY variant_id, provider_class, recipients[1]),
           variant_id, provider_class, false, true, recipients, 0, 0, 'pending', 0, 0, '',
           (SELECT id FROM delivery_relay WHERE id = by_relay)
    FROM cut
    RETURNING send_id, number, recipients
), held AS (
    UPDATE delivery_exception x SET retry_chunk = written.number
    FROM written WHERE x.send_id = written.send_id AND x.subscriber_id = ANY (written.recipients)
)
SELECT send_id, number FROM written;
