-- Takes out what a test committed, and keeps what migrations made (content types, permissions).
--
-- Instead of Django's flush, which truncates every table and makes the permissions anew: 180 ms at best, this 4 ms
-- (TRUNCATE of only those with rows 51 ms: each gives its table and indexes new files). Replica: no triggers, so the order of
-- foreign keys does not matter and the audit log lets go of its rows.
DO $$
DECLARE
    one text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR one IN
        SELECT format('%I', tablename) FROM pg_tables
        WHERE schemaname = current_schema
          AND tablename NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
    LOOP
        EXECUTE 'DELETE FROM ' || one;
    END LOOP;
END
$$
