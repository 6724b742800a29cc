-- Whether a post is due for a while and nobody took it: its doorbell was lost, or there are none, or all workers are busy.
SELECT EXISTS (SELECT FROM social_post p JOIN social_channel c ON c.id = p.channel_id
               WHERE p.due_at <= statement_timestamp() - make_interval(secs => %(seconds)s) AND {ready});
