-- Sets one letter aside from its chunk: the one at `settled`, at which its workers died. What was settled before stays and is done;
-- the letter becomes a stuck chunk of its own, which holds the send open until a person has looked; the rest becomes a free
-- chunk. No reader is added, lost or moved past a cursor, so the accounting identity holds: positions are only told apart.
-- Where the readers are retried, their exceptions name the chunk that holds them, and do so afterwards.
-- Both go through the relay that the chunk was tied to.
-- It runs once in a blue moon: nothing of it was measured.
WITH whole AS (
    SELECT * FROM delivery_chunk WHERE id = %(chunk)s AND token = %(token)s FOR UPDATE
), parts AS (
    SELECT 1 AS place, 'stuck' AS state, %(trouble)s AS trouble, recipients[settled + 1:settled + 1] AS recipients FROM whole
    UNION ALL
    SELECT 2, 'pending', '', recipients[settled + 2:] FROM whole WHERE cardinality(recipients) > settled + 1
), written AS (
    INSERT INTO delivery_chunk
        (send_id, number, variant_id, provider_class, in_wave, is_retry, recipients, settled, ahead, state, token, takeovers,
         trouble, is_careful, relay_id, tie)
    SELECT whole.send_id, (SELECT max(number) FROM delivery_chunk old WHERE old.send_id = whole.send_id) + parts.place,
           whole.variant_id, whole.provider_class, whole.in_wave, whole.is_retry, parts.recipients, 0, 0, parts.state, 0, 0,
           parts.trouble, true, whole.relay_id, whole.tie
    FROM whole, parts
    RETURNING number, recipients
), kept AS (
    UPDATE delivery_chunk c
    SET recipients = whole.recipients[1:whole.settled], ahead = whole.settled, state = 'done', lease_until = NULL, trouble = ''
    FROM whole WHERE c.id = whole.id
    RETURNING c.number
), held AS (
    UPDATE delivery_exception x SET retry_chunk = written.number
    FROM written, whole
    WHERE whole.is_retry AND x.send_id = whole.send_id AND x.retry_chunk = whole.number
      AND x.subscriber_id = ANY (written.recipients)
)
SELECT number FROM kept UNION ALL SELECT number FROM written;
