-- `got`: who has a letter that a correction is about, and which variant of the correction is theirs. Accepted is a position below
-- `settled` without an exception; who complained has it, and of whom nobody knows may have it. Where several letters told somebody, the latest
-- decides about the language.
WITH mistaken AS (
    SELECT v.id, v.language, v.discreet
    FROM editions_variant v JOIN editions_edition e ON e.id = v.edition_id
    WHERE e.newsletter_id = %(newsletter)s AND v.id IN (
        SELECT said.variant_id
        FROM editions_correction k
        JOIN editions_correction_mistaken m ON m.correction_id = k.id
        JOIN editions_variant_revisions said ON said.revision_id = m.revision_id
        WHERE k.edition_id = %(edition)s)
), got AS (
    SELECT DISTINCT ON (reader) reader AS subscriber_id, m.language, m.discreet
    FROM delivery_chunk c
    JOIN mistaken m ON m.id = c.variant_id
    CROSS JOIN LATERAL unnest(c.recipients[1:c.settled]) AS reader
    WHERE NOT c.is_retry
      AND NOT EXISTS (SELECT FROM delivery_exception x
                      WHERE x.send_id = c.send_id AND x.subscriber_id = reader AND x.state NOT IN ('complained', 'unknown'))
    ORDER BY reader, c.send_id DESC
)
