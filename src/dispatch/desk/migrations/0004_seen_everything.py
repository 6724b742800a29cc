"""Whoever is told of everything goes on to be told of everything: two kinds of trouble are new."""

from django.db import migrations

EVERYTHING = """
UPDATE desk_target SET kinds = kinds || ARRAY['unread', 'returned']::varchar[]
WHERE NOT kinds && ARRAY['unread', 'returned']::varchar[] AND kinds @> ARRAY[
    'post_failed', 'post_unknown', 'post_late', 'channel', 'edition_failed', 'edition_held', 'edition_late', 'preflight',
    'approval', 'paused', 'stop', 'worker', 'clock', 'broker', 'relay', 'domain', 'disk', 'backup', 'certificate'
]::varchar[]
"""


class Migration(migrations.Migration):
    dependencies = [
        ("desk", "0003_personal_notices"),
    ]

    operations = [
        migrations.RunSQL(
            sql=EVERYTHING,
            reverse_sql="UPDATE desk_target SET kinds = array_remove(array_remove(kinds, 'unread'), 'returned')",
        )
    ]
