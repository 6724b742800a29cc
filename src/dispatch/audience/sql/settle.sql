-- Gives a rhythm to readers of a newsletter whom its own editions cannot serve as they wish and who have none yet.
-- One statement, by the newest subscriptions' numbers: an import settles each batch of 20,000 in its own transaction, so that no
-- edition leaves between a reader's coming and their rhythm.
INSERT INTO audience_rhythm (subscription_id, zone, discreet, since, held, due_at)
SELECT s.id, '', false, %(since)s, '{}', due.at
FROM audience_subscription s
JOIN unnest(%(chosen)s::text[], %(due)s::timestamptz[]) AS due (frequency, at) ON due.frequency = s.frequency
WHERE s.newsletter_id = %(newsletter)s AND s.state = 'active' AND s.id > %(beyond)s
  AND (s.frequency NOT IN ('', %(cadence)s) OR (s.second_language <> '' AND NOT %(falls_back)s))
  AND NOT EXISTS (SELECT 1 FROM audience_rhythm has WHERE has.subscription_id = s.id)
LIMIT %(most)s
ON CONFLICT DO NOTHING
