-- Freezes a send's audience and cuts it into chunks, in one statement: a kill leaves all of it or nothing.
-- Each reader is there once by construction: subscriptions are unique by (newsletter, subscriber), and each joins one variant,
-- the own language's or else the second one's. A further edition of a story (a translation that came later) leaves out whoever
-- an earlier send of that story and newsletter already holds; a digest tells such a story only in the languages that lacked it.
-- Readers with a rhythm of their own are seated by boarding.py.
WITH variants AS (
    SELECT id, language FROM editions_variant WHERE edition_id = %(edition)s AND NOT discreet AND arm <> 'b'
), already AS (
    SELECT DISTINCT unnest(c.recipients) AS subscriber_id
    FROM editions_editionstory mine
    JOIN editions_editionstory other ON other.story_id = mine.story_id AND other.newsletter_id = mine.newsletter_id
    JOIN editions_edition e ON e.id = mine.edition_id AND e.slot LIKE 'story:%%'
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
      AND NOT EXISTS (SELECT 1 FROM audience_rhythm own WHERE own.subscription_id = s.id)
      AND (r.paused_until IS NULL OR r.paused_until <= clock_timestamp())
      AND (s.topics = '{}' OR s.topics && %(topics)s::varchar[])
      AND coalesce(own.id, second.id) IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM audience_suppression x WHERE x.address_index = r.address_index
                        AND (x.expires_at IS NULL OR x.expires_at > clock_timestamp()))
      AND NOT EXISTS (SELECT 1 FROM already WHERE already.subscriber_id = s.subscriber_id)
{cut}
