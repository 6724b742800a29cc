-- What a monitoring system is told besides the queue's board: (figure, labels, value), in one statement of bounded cost, so that
-- every web process says the same. No label names a person, an address or a story. Attempts are those of the last hour among the
-- newest 50,000, read from the end of the primary key; webhooks those of the last hour, by an index on their moment. Letters that there
-- were none of are told as 0: a counter that begins with its first hundred refusals has not increased, as Prometheus sees it.
WITH attempts AS (
    SELECT c.network, a.outcome, a.number, p.placed, extract(epoch FROM a.started_at - p.due_at) AS late
    FROM social_attempt a JOIN social_post p ON p.id = a.post_id JOIN social_channel c ON c.id = p.channel_id
    WHERE a.id > (SELECT coalesce(max(id), 0) - 50000 FROM social_attempt)
      AND a.started_at > clock_timestamp() - interval '1 hour'
), stopped AS (
    SELECT scope, target FROM accounts_stop WHERE lifted_at IS NULL
), asked AS (
    SELECT CASE WHEN state = 'sent' THEN 'sent' WHEN state IN ('refused', 'unknown', 'late') THEN 'failed'
                WHEN attempts = 0 THEN 'waiting' WHEN state = 'waiting' THEN 'deferred' ELSE 'underway' END AS outcome
    FROM audience_letter
    WHERE id > (SELECT coalesce(max(id), 0) - 20000 FROM audience_letter) AND state <> 'dropped'
      AND written_at > clock_timestamp() - interval '1 hour'
), left_today AS (
    SELECT greatest(extract(epoch FROM s.started_at - e.due_at), 0) AS late
    FROM delivery_send s JOIN editions_edition e ON e.id = s.edition_id
    WHERE s.started_at > clock_timestamp() - interval '1 day'
)
SELECT 'letters', ARRAY[r.name::text, provider::text, said], coalesce(t.letters, 0)::float8
FROM delivery_relay r CROSS JOIN unnest(%(providers)s::int[]) AS provider CROSS JOIN unnest(%(outcomes)s::text[]) AS said
LEFT JOIN delivery_tally t ON t.relay_id = r.id AND t.provider_class = provider AND t.outcome = said
UNION ALL
SELECT 'sends', ARRAY[state::text], count(*) FROM delivery_send WHERE state NOT IN ('finished', 'cancelled') GROUP BY state
UNION ALL
SELECT 'mail_waits', '{}', coalesce(max(extract(epoch FROM clock_timestamp() - greatest(s.started_at, s.wave_over_at))), 0)
FROM delivery_send s JOIN editions_edition e ON e.id = s.edition_id
WHERE s.state IN ('sending', 'first_wave')
  AND NOT EXISTS (SELECT FROM stopped WHERE scope = 'everything' OR (scope = 'newsletter' AND target = e.newsletter_id))
  AND NOT EXISTS (SELECT FROM editions_editionstory p JOIN articles_story t ON t.id = p.story_id
                  WHERE p.edition_id = e.id AND t.embargo_until > clock_timestamp())
  AND EXISTS (SELECT FROM delivery_chunk c WHERE c.send_id = s.id AND c.state = 'pending' AND NOT c.is_retry
                AND (s.state = 'sending' OR c.in_wave))
UNION ALL
SELECT 'held', ARRAY[waits_for.what], (SELECT count(*) FROM delivery_send s LEFT JOIN delivery_approval a ON a.send_id = s.id
                            WHERE CASE waits_for.what WHEN 'trouble' THEN s.state = 'paused' AND s.is_held
                                           ELSE s.state = 'draft' AND a.id IS NOT NULL AND a.agreed_at IS NULL END)
FROM unnest(ARRAY['trouble', 'approval']) AS waits_for (what)
UNION ALL
SELECT 'edition_waits', '{}', coalesce(max(extract(epoch FROM clock_timestamp() - e.due_at)), 0)
FROM editions_edition e JOIN audience_newsletter n ON n.id = e.newsletter_id
WHERE n.active AND e.due_at <= clock_timestamp()
  AND (e.state IN ('gathering', 'due') OR (e.state = 'rendered' AND e.enlisted_at IS NULL))
UNION ALL
SELECT 'letter_waits', '{}', coalesce(max(extract(epoch FROM clock_timestamp() - written_at)), 0)
FROM audience_letter l
WHERE l.state = 'waiting' AND l.attempts = 0
  AND NOT EXISTS (SELECT FROM stopped WHERE scope = 'everything' OR (scope = 'newsletter' AND target = l.newsletter_id))
UNION ALL
SELECT 'letters_asked', ARRAY[said], (SELECT count(*) FROM asked WHERE outcome = said)
FROM unnest(ARRAY['sent', 'waiting', 'underway', 'deferred', 'failed']) AS said
UNION ALL
SELECT 'returned', ARRAY[r.name::text, provider::text, said], coalesce(t.letters, 0)
FROM delivery_relay r CROSS JOIN unnest(%(providers)s::int[]) AS provider CROSS JOIN unnest(%(returned)s::text[]) AS said
LEFT JOIN delivery_tally t ON t.relay_id = r.id AND t.provider_class = provider AND t.outcome = said
UNION ALL
SELECT 'aside', ARRAY['mailbox:' || name], aside FROM delivery_mailbox WHERE active
UNION ALL
SELECT 'unread', ARRAY['mailbox:' || name], extract(epoch FROM clock_timestamp() - read_at) FROM delivery_mailbox
WHERE active AND read_at IS NOT NULL
UNION ALL
SELECT 'unread', ARRAY[way::text], extract(epoch FROM clock_timestamp() - alive_at) FROM delivery_ear
WHERE way = 'intake' AND alive_at > clock_timestamp() - interval '7 days'
UNION ALL
SELECT 'post_waits', '{}', coalesce(max(extract(epoch FROM clock_timestamp() - p.due_at)), 0)
FROM social_post p JOIN social_channel c ON c.id = p.channel_id JOIN articles_story t ON t.id = p.story_id
WHERE p.state = 'scheduled' AND p.due_at <= clock_timestamp() AND c.active AND p.follows_id IS NULL
  AND (t.embargo_until IS NULL OR t.embargo_until <= clock_timestamp())
  AND NOT EXISTS (SELECT FROM stopped WHERE scope = 'everything' OR (scope = 'channel' AND target = c.id))
UNION ALL
SELECT 'posts_last_hour', ARRAY[network::text, outcome::text], count(*) FROM attempts WHERE outcome <> '' GROUP BY network, outcome
UNION ALL
SELECT 'post_lateness', ARRAY[le::text], (SELECT count(*) FROM attempts WHERE number = 1 AND outcome = 'sent' AND placed AND late <= le)
FROM unnest(%(buckets)s::float8[]) AS le
UNION ALL
SELECT 'post_lateness_sum', '{}', coalesce(sum(late), 0) FROM attempts WHERE number = 1 AND outcome = 'sent' AND placed
UNION ALL
SELECT 'edition_lateness', ARRAY[le::text], (SELECT count(*) FROM left_today WHERE late <= le) FROM unnest(%(buckets)s::float8[]) AS le
UNION ALL
SELECT 'edition_lateness_sum', '{}', coalesce(sum(late), 0) FROM left_today
UNION ALL
SELECT 'webhooks_last_hour', ARRAY[did::text], count(*) FROM articles_webhookdelivery
WHERE received_at > clock_timestamp() - interval '1 hour' GROUP BY did
UNION ALL
SELECT 'relay_open', ARRAY[name::text], (breaker <> 'closed')::int FROM delivery_relay WHERE active
UNION ALL
SELECT 'relay_needed', ARRAY[name::text], 0 FROM delivery_relay WHERE active
UNION ALL
SELECT 'relay_failures', ARRAY[name::text], failures FROM delivery_relay WHERE active
UNION ALL
SELECT 'stops', ARRAY[scope::text], count(*) FROM accounts_stop WHERE lifted_at IS NULL GROUP BY scope
UNION ALL
SELECT 'channel_trouble', ARRAY[slug::text, network::text], (trouble <> '')::int FROM social_channel WHERE active
UNION ALL
SELECT 'channel_expires', ARRAY[slug::text, network::text], extract(epoch FROM expires_at) FROM social_channel
WHERE active AND expires_at IS NOT NULL
UNION ALL
SELECT 'heartbeat_age', ARRAY[queue], min(extract(epoch FROM clock_timestamp() - beat_at))
FROM delivery_workerbeat, unnest(string_to_array(queues, ',')) AS queue GROUP BY queue
UNION ALL
SELECT 'workers', ARRAY[wanted.queue],
       (SELECT count(*) FROM delivery_workerbeat
        WHERE wanted.queue = ANY (string_to_array(queues, ',')) AND beat_at > clock_timestamp() - %(silent)s
          AND (heard_at IS NULL OR heard_at > clock_timestamp() - %(deaf)s) AND doing <> 'starting')
FROM unnest(%(queues)s::text[]) AS wanted (queue)
UNION ALL
SELECT 'workers_deaf', ARRAY[wanted.queue],
       (SELECT count(*) FROM delivery_workerbeat
        WHERE wanted.queue = ANY (string_to_array(queues, ',')) AND beat_at > clock_timestamp() - %(silent)s
          AND heard_at <= clock_timestamp() - %(deaf)s)
FROM unnest(%(queues)s::text[]) AS wanted (queue)
UNION ALL
SELECT 'workers_silent', '{}', count(*) FROM delivery_workerbeat WHERE beat_at <= clock_timestamp() - %(silent)s
UNION ALL
SELECT 'hung', ARRAY[wanted.queue], (SELECT coalesce(sum(count), 0) FROM delivery_hungtask WHERE starts_with(kind, wanted.queue || '.'))
FROM unnest(%(queues)s::text[]) AS wanted (queue) WHERE wanted.queue <> 'clock'
UNION ALL
SELECT 'clock_age', '{}', extract(epoch FROM clock_timestamp() - max(beat_at)) FROM delivery_workerbeat
WHERE queues = 'clock' AND doing = 'leading' HAVING count(*) > 0
UNION ALL
SELECT 'database_bytes', '{}', pg_database_size(current_database())
UNION ALL
SELECT 'partitions', '{}', count(*) FROM pg_inherits WHERE inhparent = 'delivery_exception'::regclass
UNION ALL
SELECT 'partition_age', '{}', extract(epoch FROM clock_timestamp() - min(finished_at)) FROM delivery_send
WHERE emptied_at IS NULL AND state IN ('finished', 'cancelled') HAVING count(finished_at) > 0
UNION ALL
SELECT 'backup_made', '{}', extract(epoch FROM max(at)) FROM accounts_auditentry WHERE act = 'backup.make' HAVING count(*) > 0
UNION ALL
SELECT 'leaks', ARRAY[kind], (SELECT count(DISTINCT file) FROM audience_honey
                              WHERE seen_at > clock_timestamp() - interval '7 days' AND starts_with(file, kind || ':'))
FROM unnest(ARRAY['export', 'backup']) AS kind
