s.is_urgent AND s.state IN ('sending', 'first_wave')
  AND c.state = 'pending' AND (c.in_wave OR c.is_retry OR s.state = 'sending')
  AND (c.not_before IS NULL OR c.not_before <= clock_timestamp())
  AND {not_stopped}
