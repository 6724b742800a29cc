-- One batch of an import (20,000 lines), in five steps within one transaction.
-- Why so: addresses are sealed for their row's id, so ids are reserved before anything is sealed; a line whose address is known,
-- or must not be written to, costs no sealing. Everything goes in by COPY and INSERT … SELECT; ON CONFLICT makes the same
-- file twice change nothing, and keeps those who left from being brought back.
-- step: a place for the batch
CREATE TEMP TABLE IF NOT EXISTS importing (position int, address_index bytea) ON COMMIT DROP;
CREATE TEMP TABLE IF NOT EXISTS sealing (position int, id bigint, address bytea, name bytea, provider_class smallint) ON COMMIT DROP;
CREATE TEMP TABLE IF NOT EXISTS wishes (position int, newsletter_id bigint, language text, second_language text, topics text[], frequency text, handle bytea, consented_at timestamptz, consent_source text) ON COMMIT DROP;
TRUNCATE importing, sealing, wishes;
-- step: ids for the addresses that are new and may be written to
SELECT position, nextval(pg_get_serial_sequence('audience_subscriber', 'id'))
FROM (
    SELECT min(position) AS position
    FROM importing
    WHERE NOT EXISTS (SELECT 1 FROM audience_subscriber s WHERE s.address_index = importing.address_index)
      AND NOT EXISTS (SELECT 1 FROM audience_suppression x WHERE x.address_index = importing.address_index
                        AND (x.expires_at IS NULL OR x.expires_at > now()))
    GROUP BY address_index
) fresh;
-- step: the readers
INSERT INTO audience_subscriber (id, address, address_index, name, provider_class, created_at)
SELECT sealing.id, sealing.address, importing.address_index, sealing.name, sealing.provider_class, now()
FROM sealing JOIN importing USING (position)
ON CONFLICT (address_index) DO NOTHING;
-- step: their wishes; the first line wins where a file names a reader twice
INSERT INTO audience_subscription (subscriber_id, newsletter_id, language, second_language, topics, frequency, state, handle, consented_at, consent_source)
SELECT DISTINCT ON (s.id, w.newsletter_id)
    s.id, w.newsletter_id, w.language, w.second_language, w.topics, w.frequency, 'active', w.handle, coalesce(w.consented_at, now()), w.consent_source
FROM wishes w
JOIN importing USING (position)
JOIN audience_subscriber s ON s.address_index = importing.address_index
WHERE NOT EXISTS (SELECT 1 FROM audience_suppression x WHERE x.address_index = importing.address_index
                    AND (x.expires_at IS NULL OR x.expires_at > now()))
ORDER BY s.id, w.newsletter_id, w.position
ON CONFLICT (subscriber_id, newsletter_id) DO NOTHING;
-- step: how many of the batch must not be written to
SELECT count(*) FROM importing WHERE EXISTS (SELECT 1 FROM audience_suppression x WHERE x.address_index = importing.address_index
                    AND (x.expires_at IS NULL OR x.expires_at > now()));
