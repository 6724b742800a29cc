"""Whoever was told of relays and workers is an operator's target: it is told of what came later about the same house, too."""

from django.db import migrations

ADD = """
UPDATE desk_target SET kinds = kinds || '{leak,mail_still,letters,webhook,intake}'::varchar(20)[]
WHERE kinds @> '{relay,worker}'::varchar(20)[] AND NOT kinds && '{leak,mail_still,letters,webhook,intake}'::varchar(20)[]
"""


class Migration(migrations.Migration):
    dependencies = [
        ("desk", "0004_seen_everything"),
    ]

    operations = [
        migrations.RunSQL(ADD, migrations.RunSQL.noop),
    ]
