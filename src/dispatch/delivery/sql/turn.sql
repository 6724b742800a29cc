-- Whose turn it is, and which chunk of it to take: of the sends under way the one that the fewest workers are at, of equals the
-- one that was rung for. Doorbells wait in a row, and those of one send may stand before all of another's: without this that one
-- stood still until the first was through (decision 51 tells what was measured).
--
-- What a dead worker left behind goes before all else, or its readers, who were next when it died, would come last: the free
-- chunks' doorbells stand before its own. Measured by the fleet's chaos: 117 s behind 30,000 readers.
--
-- Who took a chunk or moved it within a minute is at work; a lease alone may be one of a host that is gone. "besides" are those
-- whose claim just came to nothing, as under an embargo (claim.sql).
--
-- Asked before each claim, so nothing here grows with a send: workers are counted in the index of leased chunks, and a free
-- one is the first of the open chunks that nobody holds. With five sends of 40,000 open chunks and 16 workers each
-- 0.75 ms with the round trip, 0.6 without what was left behind, on a slow machine.
SELECT s.id, CASE WHEN held.left_behind IS NOT NULL THEN held.left_behind
                  WHEN s.id = %(send)s THEN %(number)s::int  -- of one send each begins at the chunk it was rung for
                  ELSE free.number END
FROM delivery_send s
JOIN editions_edition e ON e.id = s.edition_id
CROSS JOIN LATERAL (
    SELECT c.number FROM delivery_chunk c
    WHERE c.send_id = s.id
      AND (s.state = 'sending' OR c.in_wave OR c.is_retry)
      AND (c.state = 'pending' OR (c.state = 'leased' AND c.lease_until < clock_timestamp()))
      AND (c.not_before IS NULL OR c.not_before <= clock_timestamp())
      AND c.provider_class <> ALL (%(full)s::smallint[])
    ORDER BY c.number LIMIT 1) free
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE c.lease_until >= clock_timestamp()
                              AND greatest(c.claimed_at, c.rung_at) > clock_timestamp() - interval '1 minute') AS workers,
           min(c.number) FILTER (WHERE c.lease_until < clock_timestamp()
                                   AND (s.state = 'sending' OR c.in_wave OR c.is_retry)
                                   AND (c.not_before IS NULL OR c.not_before <= clock_timestamp())
                                   AND c.provider_class <> ALL (%(full)s::smallint[])) AS left_behind
    FROM delivery_chunk c
    WHERE c.send_id = s.id AND c.state = 'leased') held
WHERE s.state IN ('sending', 'first_wave') AND s.id <> ALL (%(besides)s::bigint[])
  AND {not_stopped}
ORDER BY held.left_behind IS NULL, held.workers, s.id <> %(send)s, s.id
LIMIT 1;
