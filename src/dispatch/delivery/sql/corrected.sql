-- How many a correction is for, by language, before it is frozen.
{got_it}
SELECT got.language, count(*)
FROM got
JOIN audience_subscription s ON s.subscriber_id = got.subscriber_id AND s.newsletter_id = %(newsletter)s AND s.state = 'active'
GROUP BY got.language
ORDER BY count(*) DESC, got.language;
