"""Looking for readers where none may be: addresses that stand for nobody, and everything that a thief could carry off."""

import re

from django.db import connection

CANARY = re.compile(rb"canary\d{5}|" + b"canary".hex().encode(), re.IGNORECASE)


def canaries(count):
    return [f"canary{number:05}@example.org" for number in range(count)]


def database():
    """Everything in it as text, bytes in hexadecimal."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows += [text for (text,) in cursor.fetchall()]
    return "\n".join(rows).encode()


def tables(*numbers):
    """Those in which one of these numbers stands, by name."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows = " ".join(text for (text,) in cursor.fetchall())
            if any(str(number) in rows for number in numbers):
                found.add(table)
    return found


def messages(broker):
    """Every doorbell that a worker has not heard yet."""
    found = [broker.lrange(key, 0, -1) for key in broker.keys("*") if broker.type(key) == b"list"]
    return [message for each in found for message in each]
