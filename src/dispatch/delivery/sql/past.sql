CASE WHEN starts_with(coalesce(x.past[cardinality(x.past)], ''), to_char(x.at AT TIME ZONE 'UTC', {stamp})) THEN '{}'::text[]
     ELSE ARRAY[concat_ws(' ', to_char(x.at AT TIME ZONE 'UTC', {stamp}), x.state, x.answered_by, x.code)] END
