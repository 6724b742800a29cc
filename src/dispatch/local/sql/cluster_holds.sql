-- What a database holds beside its tables' rows: sequences (else ids would come twice), and of the whole cluster the roles with their
-- passwords' hashes, who is in which, and what is set for a role or a database. PostgreSQL's own roles (pg_…) differ by version.
SELECT 'sequence ' || schemaname || '.' || sequencename, coalesce(last_value::text, 'unused')
FROM pg_sequences
UNION ALL
SELECT 'role ' || rolname,
       concat_ws(' ', rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
                 rolconnlimit, rolvaliduntil, md5(coalesce(rolpassword, '')))
FROM pg_authid WHERE NOT starts_with(rolname, 'pg_')
UNION ALL
SELECT 'member ' || member::regrole || ' of ' || roleid::regrole, admin_option::text
FROM pg_auth_members WHERE NOT starts_with(member::regrole::text, 'pg_')
UNION ALL
SELECT 'settings of ' || CASE setrole WHEN 0 THEN 'everybody' ELSE setrole::regrole::text END || ' in '
       || coalesce((SELECT datname FROM pg_database WHERE oid = setdatabase), 'every database'),
       array_to_string(setconfig, ', ')
FROM pg_db_role_setting
