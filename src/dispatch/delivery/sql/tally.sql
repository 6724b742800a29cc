-- Adds to what is counted by relay, mailbox provider and outcome: one statement a chunk, its rows in one order.
INSERT INTO delivery_tally (relay_id, provider_class, outcome, letters)
SELECT %(relay)s, %(provider)s, said.outcome, said.letters
FROM unnest(%(outcomes)s::text[], %(counts)s::bigint[]) AS said (outcome, letters)
WHERE EXISTS (SELECT 1 FROM delivery_relay WHERE id = %(relay)s)
ON CONFLICT (relay_id, provider_class, outcome) DO UPDATE SET letters = delivery_tally.letters + excluded.letters
