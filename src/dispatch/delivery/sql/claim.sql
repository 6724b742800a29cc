-- Takes a chunk for one worker, or nothing: doorbells may be lost, late or doubled. The database's clock decides about leases;
-- the token grows with every claim and fences off an owner that wakes up late. Pause, cancel and STOP are read here too, and
-- that during a first wave nothing else leaves: its own chunks, and retries, which can only be of its readers.
--
-- A story may come under embargo after its edition was rendered: then nothing more of it is claimed. Of editions for readers' own
-- rhythms the variant names its stories, by their numbers.
--
-- Whose owner died twice without progress is sent carefully from then on, one letter at a time (isolating.py).
--
-- With "or_next" whoever comes in vain takes the next free chunk of the send, in the same round trip: a doorbell of a chunk that
-- is done is worth as much as any other then. Measured by chaos: behind 1,780 doorbells that came in vain the last chunk, rung five
-- times, waited 27 s. The second place is looked for only where the first is empty (COALESCE), in the index of open chunks.
-- When its letters were due is told for the charts of lateness: a retry's by its first reader who waits, one row by the primary key.
--
-- "full" are mailbox-provider classes to which no further connection may lead now (berths.py): their chunks wait for others.
UPDATE delivery_chunk c
SET state = 'leased',
    token = c.token + 1,
    claimed_by = %(by)s,
    claimed_at = clock_timestamp(),
    lease_until = clock_timestamp() + make_interval(secs => %(lease)s),
    takeovers = c.takeovers + (c.state = 'leased')::int,
    is_careful = c.is_careful OR (c.state = 'leased' AND c.takeovers > 0)
FROM delivery_send s
JOIN editions_edition e ON e.id = s.edition_id
WHERE c.id = COALESCE((
        SELECT id FROM delivery_chunk
        WHERE send_id = %(send)s AND number = %(number)s
          AND (in_wave OR is_retry OR (SELECT state FROM delivery_send WHERE id = %(send)s) = 'sending')
          AND (state = 'pending' OR (state = 'leased' AND lease_until < clock_timestamp()))
          AND (not_before IS NULL OR not_before <= clock_timestamp())
          AND provider_class <> ALL (%(full)s::smallint[])
        FOR UPDATE SKIP LOCKED), (
        SELECT id FROM delivery_chunk
        WHERE %(or_next)s AND send_id = %(send)s
          AND (in_wave OR is_retry OR (SELECT state FROM delivery_send WHERE id = %(send)s) = 'sending')
          AND (state = 'pending' OR (state = 'leased' AND lease_until < clock_timestamp()))
          AND (not_before IS NULL OR not_before <= clock_timestamp())
          AND provider_class <> ALL (%(full)s::smallint[])
        ORDER BY number LIMIT 1
        FOR UPDATE SKIP LOCKED))
  AND s.id = c.send_id
  AND s.state IN ('sending', 'first_wave')
  AND NOT EXISTS (
        SELECT FROM editions_editionstory brought JOIN articles_story story ON story.id = brought.story_id
        WHERE brought.edition_id = e.id AND story.embargo_until > clock_timestamp())
  AND NOT EXISTS (
        SELECT FROM editions_variant v CROSS JOIN unnest(v.telling) AS told(label)
        JOIN editions_item item ON item.newsletter_id = e.newsletter_id AND item.number = split_part(told.label, '/', 1)::int
        JOIN articles_story story ON story.id = item.story_id
        WHERE v.id = c.variant_id AND story.embargo_until > clock_timestamp())
  AND {not_stopped}
RETURNING c.id, c.number, c.variant_id, c.recipients, c.settled, c.ahead, c.token, c.takeovers, c.is_retry,
          s.id, s.ambiguity, s.expires_at, s.created_at, e.newsletter_id, c.provider_class,
          c.seal, EXISTS (SELECT FROM delivery_approval a WHERE a.send_id = s.id),
          c.is_careful, c.trouble, c.relay_id, c.tie,
          CASE WHEN c.is_retry THEN (SELECT x.next_attempt_at FROM delivery_exception x
                                     WHERE x.send_id = s.id AND x.subscriber_id = c.recipients[c.settled + 1])
               ELSE s.started_at END, s.trail;
