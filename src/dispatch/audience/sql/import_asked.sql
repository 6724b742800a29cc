-- Those of a batch who are to be asked whether they still want letters, in three steps within the batch's transaction.
-- Why so: a wish is sealed for its row's id, so ids are reserved first, and only for addresses that may be asked at all: who reads
-- already, who must not be written to and who is being asked costs no sealing and gets no letter. `importing` is import.sql's.
-- step: ids for the addresses that may be asked
SELECT position, nextval(pg_get_serial_sequence('audience_wish', 'id'))
FROM (
    SELECT DISTINCT ON (importing.address_index, wishes.newsletter_id) position
    FROM importing JOIN wishes USING (position)
    WHERE NOT EXISTS (SELECT 1 FROM audience_suppression x WHERE x.address_index = importing.address_index
                        AND (x.expires_at IS NULL OR x.expires_at > now()))
      AND NOT EXISTS (SELECT 1 FROM audience_subscriber r JOIN audience_subscription s ON s.subscriber_id = r.id
                      WHERE r.address_index = importing.address_index AND s.newsletter_id = wishes.newsletter_id)
      AND NOT EXISTS (SELECT 1 FROM audience_wish w
                      WHERE w.address_index = importing.address_index AND w.newsletter_id = wishes.newsletter_id)
    ORDER BY importing.address_index, wishes.newsletter_id, position
) fresh ORDER BY position;
-- step: a place for them
CREATE TEMP TABLE IF NOT EXISTS asking (position int, id bigint, address bytea, not_before timestamptz) ON COMMIT DROP;
TRUNCATE asking;
-- step: the wishes, each with three days from its letter's turn
INSERT INTO audience_wish (id, address, address_index, newsletter_id, language, topics, is_told, not_before, expires_at)
SELECT asking.id, asking.address, importing.address_index, w.newsletter_id, w.language, w.topics, false,
       asking.not_before, asking.not_before + make_interval(secs => %s)
FROM asking JOIN importing USING (position) JOIN wishes w USING (position)
ON CONFLICT (address_index, newsletter_id) DO NOTHING;
