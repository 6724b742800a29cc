-- The next values of a sealed column that another key than the newest has sealed, in the order of the primary key: a walk that
-- was cut short begins again and skips what is done.
SELECT id, {name}, {column} FROM {table}
WHERE id > %(after)s AND octet_length({column}) > 0 AND get_byte({column}, 0) <> %(newest)s
ORDER BY id LIMIT %(size)s
