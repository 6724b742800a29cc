-- True for a post p of a channel c that may leave now. The moment is the statement's, which an index can be asked for; a vain
-- look does not read what is planned for later then. At most two attempts by itself: who plans or retries it by hand gives it
-- two anew. What someone wants taken back does not go out at all, nor what its article does not stand for: the article may have
-- changed a moment ago, and nobody planned that yet. What is late does not go by itself.
p.state IN ('scheduled', 'deferred') AND p.due_at <= statement_timestamp() AND p.attempts_made < 2
AND c.active AND c.refused_at IS NULL AND {not_stopped} AND {not_embargoed} AND {in_its_turn} AND {stands} AND NOT {late}
