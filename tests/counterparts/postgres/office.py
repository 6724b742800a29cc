"""Run with a database of an older PostgreSQL: an office with two readers, a letter half on its way to them, and what
its operator has set. Says nothing.
"""

import sys

import django

from dispatch.local import instance

instance.adopt()
django.setup()

import newsroom  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

HALF_WAY = """
UPDATE delivery_chunk SET state = 'leased', settled = 0, ahead = 1, token = 7, lease_until = now() - interval '1 hour'
"""
SET = (
    "CREATE ROLE reporter LOGIN PASSWORD 'of the tests'",
    "GRANT pg_read_all_data TO reporter",
    "ALTER ROLE reporter SET work_mem = '7MB'",
    "ALTER DATABASE dispatch SET statement_timeout = '61s'",
    "ALTER SYSTEM SET max_connections = 57",
)

call_command("migrate", verbosity=0)
office = newsroom.newsletter()
newsroom.readers(office, en=int(sys.argv[1]))
newsroom.relay()
newsroom.send(office, newsroom.story("en"))
connection.ensure_connection()
connection.connection.autocommit = True
with connection.cursor() as cursor:
    for statement in (HALF_WAY, *SET):
        cursor.execute(statement)
