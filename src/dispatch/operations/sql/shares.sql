-- Of the letters that a relay handed to a mailbox provider within three days, how many bounced for good and how many were complained
-- of within the same days: (relay, provider, kind, how many, of how many). From the small table of what flowed, by the index that begins
-- with its moment: two days of minutes and one of quarters.
WITH flowed AS (
    SELECT split_part(part, '/', 1) AS relay, split_part(part, '/', 2)::int AS provider, outcome, sum(count)::bigint AS letters
    FROM operations_flow
    WHERE at > clock_timestamp() - interval '3 days' AND kind = 'mail' AND outcome IN ('sent', 'hard', 'complaint')
    GROUP BY 1, 2, 3
)
SELECT back.relay, back.provider, back.outcome, back.letters, sent.letters
FROM flowed back JOIN flowed sent ON sent.relay = back.relay AND sent.provider = back.provider AND sent.outcome = 'sent'
WHERE back.outcome <> 'sent'
ORDER BY 1, 2, 3
