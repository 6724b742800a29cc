-- What an edition is about: a reader who chose topics gets it where one of theirs is among them.
SELECT coalesce(array_agg(DISTINCT topic), '{}')
FROM editions_variant v
JOIN editions_variant_revisions vr ON vr.variant_id = v.id
JOIN articles_revision r ON r.id = vr.revision_id
CROSS JOIN LATERAL unnest(r.topics) AS topic
WHERE v.edition_id = %(edition)s;
