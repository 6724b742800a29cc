-- A row of numbers of which one moves with everything that people may want to see: articles, plans, attempts, acts, what
-- channels answered, a first wave's end. Each is read from the end of a primary key, but for channels, sends and changes of posts, of
-- which there are few. Preflights are a few a day, and of test letters only those that wait are counted.
SELECT (SELECT max(id) FROM articles_revision), (SELECT max(id) FROM articles_webhookdelivery),
       (SELECT max(id) FROM editions_edition), (SELECT max(id) FROM editions_variant),
       (SELECT max(id) FROM social_post), (SELECT max(id) FROM social_attempt), (SELECT max(finished_at) FROM social_change),
       (SELECT max(id) FROM accounts_auditentry), (SELECT max(probed_at) FROM social_channel),
       (SELECT max(wave_until) FROM delivery_send WHERE state = 'first_wave'),
       (SELECT max(asked_at) FROM editions_preflight), (SELECT max(done_at) FROM editions_preflight),
       (SELECT max(id) FROM delivery_trial), (SELECT count(*) FROM delivery_trial WHERE state IN ('waiting', 'sending'))
