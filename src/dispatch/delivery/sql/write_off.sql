-- Readers of a send that does not add up for whom no position accounts become unknown: nobody can say whether they have their mail. Who
-- has an exception already keeps it. By first-round chunks: a retry's readers stand in theirs. It runs once in a blue moon.
WITH short AS (
    SELECT number, provider_class, recipients[settled + 1:] AS readers
    FROM delivery_chunk WHERE send_id = %(send)s AND NOT is_retry AND settled < cardinality(recipients)
), written AS (
    INSERT INTO delivery_exception (send_id, subscriber_id, chunk, state, code, attempts, doubts, at, provider_class, answered_by)
    SELECT %(send)s, reader, number, 'unknown', 'unaccounted', 1, 1, clock_timestamp(), provider_class, 0
    FROM short CROSS JOIN unnest(readers) AS reader
    ON CONFLICT (send_id, subscriber_id) DO NOTHING
    RETURNING 1
), kept AS (
    UPDATE delivery_chunk SET settled = cardinality(recipients), ahead = cardinality(recipients)
    WHERE send_id = %(send)s AND NOT is_retry AND settled < cardinality(recipients)
)
SELECT count(*) FROM written;
