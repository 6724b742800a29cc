-- Connections to this database, by what they are for and what they do: the clock's names itself, others are told apart by their user.
SELECT coalesce(nullif(application_name, ''), 'pages and workers'), coalesce(state, 'of the server'), count(*)
FROM pg_stat_activity WHERE datname = current_database()
GROUP BY 1, 2 ORDER BY 1, 2
