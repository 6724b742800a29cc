-- Until this transaction ends, whoever else speaks of the same story, id or address waits. All the locks are taken in one
-- statement and in order, so that two messages that name the same things cannot wait for each other.
SELECT pg_advisory_xact_lock(number)
FROM (SELECT DISTINCT hashtextextended(name, 0) AS number FROM unnest(%s::text[]) AS name ORDER BY 1) AS numbers
