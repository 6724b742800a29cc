-- One reader's fate in one send. Once its details are gone it is the same for everybody: whether they were of its audience is not
-- known any more.
SELECT fate FROM (
    SELECT fate, 0 AS place FROM delivery_fate WHERE send_id = %(send)s AND subscriber_id = %(subscriber)s
    UNION ALL
    SELECT 'forgotten', 1 FROM delivery_send WHERE id = %(send)s AND totals <> '{}'
) AS known
ORDER BY place LIMIT 1;
