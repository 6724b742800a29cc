-- Those of one chunk who have no mail.
SELECT subscriber_id, fate, code FROM delivery_fate
WHERE send_id = %(send)s AND chunk = %(number)s AND fate NOT IN ('sent', 'complained', 'forgotten')
ORDER BY subscriber_id;
