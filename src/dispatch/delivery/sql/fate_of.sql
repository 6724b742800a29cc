-- One reader's fate in one send.
SELECT fate FROM delivery_fate WHERE send_id = %(send)s AND subscriber_id = %(subscriber)s;
