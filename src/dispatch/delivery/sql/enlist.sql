-- Freezes a send's audience and cuts it into chunks, in one statement: a kill leaves all of it or nothing.
-- Each reader is there once by construction: subscriptions are unique by (newsletter, subscriber), and each joins one variant,
-- the own language's or else the second one's. A further edition of a story (a translation that came later) leaves out whoever
-- an earlier send of that story and newsletter already holds.
-- Of a large audience some go ahead of the rest: the newsroom's own mailboxes, which lead, and a share of everyone else, drawn by
-- a hash that differs by send. They get chunks of their own, so that a claim sees by the chunk whether it may leave.
-- Drawing them took a hundredth to a twelfth of the whole (4.39 and 4.45 s, 5.14 and 5.53 s; 300,000 readers, two busy cores).
WITH variants AS (
    SELECT id, language FROM editions_variant WHERE edition_id = %(edition)s AND NOT discreet
), already AS (
    SELECT DISTINCT unnest(c.recipients) AS subscriber_id
    FROM editions_editionstory mine
    JOIN editions_editionstory other ON other.story_id = mine.story_id AND other.newsletter_id = mine.newsletter_id
    JOIN delivery_send earlier ON earlier.edition_id = other.edition_id
    JOIN delivery_chunk c ON c.send_id = earlier.id AND NOT c.is_retry
    WHERE mine.edition_id = %(edition)s AND mine.is_further AND other.edition_id <> mine.edition_id
), readers AS (
    SELECT s.subscriber_id, r.provider_class, coalesce(own.id, second.id) AS variant_id,
           r.address_index = ANY (%(seeds)s::bytea[]) AS is_seed
    FROM audience_subscription s
    JOIN audience_subscriber r ON r.id = s.subscriber_id
    LEFT JOIN variants own ON own.language = s.language
    LEFT JOIN variants second ON second.language = s.second_language
    WHERE s.newsletter_id = %(newsletter)s
      AND s.state = 'active'
      AND s.frequency IN ('', %(cadence)s)
      AND (r.paused_until IS NULL OR r.paused_until <= clock_timestamp())
      AND (s.topics = '{}' OR s.topics && %(topics)s::varchar[])
      AND coalesce(own.id, second.id) IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM audience_suppression x WHERE x.address_index = r.address_index
                        AND (x.expires_at IS NULL OR x.expires_at > clock_timestamp()))
      AND NOT EXISTS (SELECT 1 FROM already WHERE already.subscriber_id = s.subscriber_id)
), wave AS (
    SELECT subscriber_id, CASE WHEN is_seed THEN 2 ELSE 1 END AS rank
    FROM readers
    WHERE %(wave_from)s > 0 AND (SELECT count(*) FROM readers) > %(wave_from)s
    ORDER BY is_seed DESC, hashint8extended(subscriber_id, %(send)s)
    LIMIT (SELECT count(*) FILTER (WHERE is_seed) + least(ceil(count(*) * %(wave_share)s), %(wave_most)s) FROM readers)
), placed AS (
    SELECT subscriber_id, variant_id, provider_class, coalesce(rank, 0) AS rank,
           (row_number() OVER (PARTITION BY rank, variant_id, provider_class ORDER BY subscriber_id) - 1) / %(size)s AS piece
    FROM readers LEFT JOIN wave USING (subscriber_id)
), cut AS (
    SELECT rank, variant_id, provider_class, array_agg(subscriber_id ORDER BY subscriber_id) AS recipients
    FROM placed GROUP BY rank, variant_id, provider_class, piece
), written AS (
    INSERT INTO delivery_chunk
        (send_id, number, variant_id, provider_class, in_wave, is_retry, recipients, settled, ahead, state, token, takeovers,
         trouble)
    SELECT %(send)s, row_number() OVER (ORDER BY rank DESC, variant_id, provider_class, recipients[1]), variant_id,
           provider_class, rank > 0, false, recipients, 0, 0, 'pending', 0, 0, ''
    FROM cut
    RETURNING number, recipients, in_wave
)
SELECT coalesce(array_agg(number ORDER BY number) FILTER (WHERE in_wave), '{}'),
       coalesce(array_agg(number ORDER BY number), '{}'),
       coalesce(sum(cardinality(recipients)) FILTER (WHERE in_wave), 0),
       coalesce(sum(cardinality(recipients)), 0),
       (SELECT count(DISTINCT subscriber_id) FROM written w, unnest(w.recipients) AS subscriber_id)
FROM written;
