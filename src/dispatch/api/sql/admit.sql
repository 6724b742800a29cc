-- Lets one call of a token in, or not, and notes the day: a bucket that leaks (GCRA), in one statement, so that any number of
-- web processes count together. `paid_until` is the moment up to which the token's calls have used its rate; it may run ahead
-- of the clock by a burst. No row: not now.
UPDATE accounts_token
SET paid_until = greatest(paid_until, clock_timestamp()) + make_interval(secs => %(each)s), used_on = %(today)s
WHERE id = %(token)s
  AND (paid_until IS NULL OR paid_until + make_interval(secs => %(each)s) <= clock_timestamp() + make_interval(secs => %(burst)s))
RETURNING 1
