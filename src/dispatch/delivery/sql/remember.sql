-- What readers with a rhythm of their own have been told by now, and when their next letter is due; in the transaction that seats
-- them, so that a reader is told a story exactly as often as a chunk names them for it. One statement for all of them.
UPDATE audience_rhythm o
SET told_to = r.told_to, held = r.held::int[], due_at = r.due_at
FROM unnest(%(subscriptions)s::bigint[], %(told_to)s::int[], %(held)s::text[], %(due)s::timestamptz[])
     AS r (subscription_id, told_to, held, due_at)
WHERE o.subscription_id = r.subscription_id;
