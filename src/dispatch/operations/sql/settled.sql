-- How many readers of each language are answered for, of sends under way. Asked every second while somebody looks; it reads
-- numbers of chunks only, never their recipients, which are what makes a chunk large.
SELECT c.send_id, v.language, sum(c.settled)
FROM delivery_chunk c JOIN editions_variant v ON v.id = c.variant_id
WHERE c.send_id = ANY(%(sends)s) AND NOT c.is_retry
GROUP BY 1, 2
