-- Freezes a correction's audience: exactly those who got what it is about, each once, as long as they still read along. (What each
-- window looks at again stands in window.sql.)
{got_it}, readers AS (
    SELECT got.subscriber_id, r.provider_class, v.id AS variant_id, r.address_index = ANY (%(seeds)s::bytea[]) AS is_seed
    FROM got
    JOIN editions_variant v ON v.edition_id = %(edition)s AND v.language = got.language AND v.discreet = got.discreet
    JOIN audience_subscriber r ON r.id = got.subscriber_id
    JOIN audience_subscription s ON s.subscriber_id = r.id AND s.newsletter_id = %(newsletter)s AND s.state = 'active'
    WHERE NOT EXISTS (SELECT 1 FROM audience_suppression x WHERE x.address_index = r.address_index
                        AND (x.expires_at IS NULL OR x.expires_at > clock_timestamp()))
{cut}
