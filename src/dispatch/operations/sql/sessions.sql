-- Transactions in this database that are open for longer than a moment: who began them, since when, what they do, and how many others
-- wait for them.
SELECT a.pid, coalesce(nullif(a.application_name, ''), 'no name'), a.state, a.xact_start,
       (SELECT count(*) FROM pg_stat_activity w WHERE a.pid = ANY (pg_blocking_pids(w.pid)))
FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.xact_start < clock_timestamp() - %(longer)s
ORDER BY a.xact_start
