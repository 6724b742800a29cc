CASE WHEN %(entry)s::bigint IS NULL THEN '{}'::text[]
     ELSE ARRAY[concat_ws(' ', to_char(now.moment AT TIME ZONE 'UTC', {stamp}), 'act', %(entry)s::bigint)] END
