-- What enlist.sql and seat.sql end with, once they know `readers`: chunks of them.
-- Of a large audience some go ahead of the rest: the newsroom's own mailboxes, which lead, and a share of everyone else, drawn by
-- a hash that differs by send. They get chunks of their own, so that a claim sees by the chunk whether it may leave.
-- Where two subjects are tested, who goes ahead is drawn for one of them by another hash; the rest waits for the better one.
-- In a rehearsal `only` names the readers who may get mail; else it is null.
-- Drawing them took a hundredth to a twelfth of the whole (4.39 and 4.45 s, 5.14 and 5.53 s; 300,000 readers, two busy cores).
), others AS (
    SELECT a.id AS first, b.id
    FROM editions_variant a JOIN editions_variant b ON b.edition_id = a.edition_id AND b.language = a.language
    WHERE a.edition_id = (SELECT edition_id FROM delivery_send WHERE id = %(send)s) AND a.arm = 'a' AND b.arm = 'b'
), wave AS (
    SELECT subscriber_id, CASE WHEN is_seed THEN 2 ELSE 1 END AS rank
    FROM readers
    WHERE %(wave_from)s > 0 AND (SELECT count(*) FROM readers) > %(wave_from)s
    ORDER BY is_seed DESC, hashint8extended(subscriber_id, %(send)s)
    LIMIT (SELECT count(*) FILTER (WHERE is_seed) + least(ceil(count(*) * %(wave_share)s), %(wave_most)s) FROM readers)
), placed AS (
    SELECT subscriber_id, coalesce(other.id, variant_id) AS variant_id, provider_class, coalesce(rank, 0) AS rank,
           (row_number() OVER (PARTITION BY rank, coalesce(other.id, variant_id), provider_class ORDER BY subscriber_id) - 1)
               / %(size)s AS piece
    FROM readers
    LEFT JOIN wave USING (subscriber_id)
    LEFT JOIN others other ON other.first = variant_id AND rank > 0 AND hashint8extended(subscriber_id, -%(send)s) %% 2 = 0
    WHERE %(only)s::bigint[] IS NULL OR subscriber_id = ANY (%(only)s)
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
