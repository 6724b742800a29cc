-- How many values of a sealed column each key has sealed: its number is their first byte. Reads the whole table once.
SELECT get_byte({column}, 0), count(*) FROM {table} WHERE octet_length({column}) > 0 GROUP BY 1
