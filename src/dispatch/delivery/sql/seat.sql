-- Cuts the audience of an edition for readers' own rhythms into chunks, in one statement; who gets which variant was decided one
-- by one (boarding.py).
WITH readers AS (
    SELECT r.subscriber_id, r.variant_id, r.provider_class, a.address_index = ANY (%(seeds)s::bytea[]) AS is_seed
    FROM unnest(%(readers)s::bigint[], %(variants)s::bigint[], %(providers)s::smallint[])
         AS r (subscriber_id, variant_id, provider_class)
    JOIN audience_subscriber a ON a.id = r.subscriber_id
{cut}
