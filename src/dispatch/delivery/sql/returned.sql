-- Counts one report about a letter: by send, mailbox provider and kind; and, where it is one that providers judge senders by, by the
-- relay that had the letter: its chunk's last, and of a letter that was tried again that of its last round. A chunk whose relay is
-- gone, and a reader who is forgotten, are counted by send alone. Only chunks of the reader's provider are looked at, one send's.
WITH counted AS (
    INSERT INTO delivery_returnedcount AS c (send_id, provider_class, kind, count)
    SELECT s.id, %(provider)s, %(kind)s, 1 FROM delivery_send s WHERE s.id = %(send)s
    ON CONFLICT (send_id, provider_class, kind) DO UPDATE SET count = c.count + 1
)
INSERT INTO delivery_tally AS t (relay_id, provider_class, outcome, letters)
SELECT c.relay_id, c.provider_class, %(kind)s, 1
FROM delivery_chunk c
WHERE %(kind)s = ANY (%(judged)s::text[]) AND c.send_id = %(send)s AND c.provider_class = %(provider)s AND c.relay_id IS NOT NULL
  AND %(reader)s = ANY (c.recipients)
ORDER BY c.number DESC LIMIT 1
ON CONFLICT (relay_id, provider_class, outcome) DO UPDATE SET letters = t.letters + 1
