-- Readers of some heaps, in their order. Each heap is a range of the index by heap, read as far as it is wanted: a page
-- of fifty of a million takes 23 to 30 ms of the processor, template included, whatever is asked for.
SELECT x.send_id, x.subscriber_id, x.chunk, x.state, x.code, x.attempts, x.next_attempt_at, x.retry_chunk IS NOT NULL, x.at,
       x.provider_class, x.answered_by
FROM unnest(%(sends)s::bigint[], %(states)s::text[], %(providers)s::smallint[], %(relays)s::bigint[], %(codes)s::text[])
     WITH ORDINALITY AS heap (send_id, state, provider_class, relay_id, code, place)
CROSS JOIN LATERAL (
    SELECT * FROM delivery_exception e
    WHERE e.send_id = heap.send_id AND e.state = heap.state AND e.provider_class = heap.provider_class
      AND e.answered_by = heap.relay_id AND e.code = heap.code
    LIMIT %(skip)s + %(most)s) AS x
OFFSET %(skip)s LIMIT %(most)s
