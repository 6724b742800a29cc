-- Adds to what is counted by relay, mailbox provider and outcome, and by newsletter and outcome, with the seconds that those letters
-- were late, all together: one statement a chunk, its rows in one order. Two tables, since one of every newsletter at every provider
-- would make the charts' rows many times as many.
WITH said AS (
    SELECT outcome, letters, letters * %(late)s::float8 AS late
    FROM unnest(%(outcomes)s::text[], %(counts)s::bigint[]) AS said (outcome, letters)
), by_newsletter AS (
    INSERT INTO delivery_newslettertally (newsletter_id, outcome, letters, late)
    SELECT %(newsletter)s, outcome, letters, late FROM said
    WHERE EXISTS (SELECT 1 FROM audience_newsletter WHERE id = %(newsletter)s)
    ON CONFLICT (newsletter_id, outcome) DO UPDATE
    SET letters = delivery_newslettertally.letters + excluded.letters, late = delivery_newslettertally.late + excluded.late
)
INSERT INTO delivery_tally (relay_id, provider_class, outcome, letters, late)
SELECT %(relay)s, %(provider)s, outcome, letters, late FROM said
WHERE EXISTS (SELECT 1 FROM delivery_relay WHERE id = %(relay)s)
ON CONFLICT (relay_id, provider_class, outcome) DO UPDATE
SET letters = delivery_tally.letters + excluded.letters, late = delivery_tally.late + excluded.late
