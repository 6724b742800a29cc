"""Sends under way, and who is at each, are found without a look at what is done or waits.

Nobody waits for it. What ended midway is begun anew, so what cannot be made twice comes last.
"""

from typing import Any

from django.db import migrations, models

LEASED = "delivery_chunk (send_id) WHERE state = 'leased'"


def build(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - as Django calls it
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        (patience,) = cursor.fetchone()
        cursor.execute("SET lock_timeout = 0")  # it waits for transactions, and holds nobody up meanwhile
        cursor.execute("DROP INDEX CONCURRENTLY IF EXISTS delivery_chunk_leased")  # half made by an earlier try
        cursor.execute(f"CREATE INDEX CONCURRENTLY delivery_chunk_leased ON {LEASED}")
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [patience])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("delivery", "0021_traces_struck")]
    operations = [
        migrations.RunPython(build, migrations.RunPython.noop),
        migrations.AddIndex(
            "send",
            models.Index(
                fields=["id"], name="send_under_way", condition=models.Q(("state__in", ["sending", "first_wave"]))
            ),
        ),
    ]
