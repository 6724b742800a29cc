-- Letters that readers with a limit have had on their newsletter's day; a new day begins at one.
UPDATE audience_subscriber r
SET counted = CASE WHEN r.counted_on = c.today THEN r.counted + 1 ELSE 1 END, counted_on = c.today
FROM unnest(%(readers)s::bigint[], %(days)s::date[]) AS c (id, today)
WHERE r.id = c.id;
