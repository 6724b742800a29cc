-- Readers of a retry who have it now: no exception any more, since whoever has none was accepted. What they went through until then is
-- kept beside the ledger until the send's details are forgotten (forgetting.py), so that a page can tell it. Who was accepted at once costs
-- nothing: this runs for retries alone.
WITH gone AS (
    DELETE FROM delivery_exception x
    WHERE x.send_id = %(send)s AND x.subscriber_id = ANY (%(readers)s::bigint[]) AND x.state = 'deferred'
    RETURNING x.send_id, x.subscriber_id, x.chunk, x.attempts, x.provider_class, x.past || {past} AS past
)
INSERT INTO delivery_mended AS m (send_id, subscriber_id, chunk, attempts, provider_class, answered_by, at, past)
SELECT send_id, subscriber_id, chunk, attempts + 1, provider_class, coalesce(%(relay)s::bigint, 0), clock_timestamp(), past FROM gone
ON CONFLICT (send_id, subscriber_id) DO NOTHING;
