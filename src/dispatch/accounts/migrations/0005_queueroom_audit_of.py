"""What the audit log holds of one thing, for that thing's page. Whoever writes to the log meanwhile does not wait.

Not AddIndexConcurrently: it would end at the patience that migrations have with tables in use, and leave half an index behind
that the next try stumbles over. This waits for transactions, while nobody waits for it, and begins anew.
"""

from typing import Any

from django.db import migrations, models


def build(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - as Django calls it
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        (patience,) = cursor.fetchone()
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("DROP INDEX CONCURRENTLY IF EXISTS audit_of")
        cursor.execute("CREATE INDEX CONCURRENTLY audit_of ON accounts_auditentry (target, id)")
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [patience])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("accounts", "0004_api_tokens"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(build, migrations.RunPython.noop)],
            state_operations=[
                migrations.AddIndex("auditentry", models.Index(fields=["target", "id"], name="audit_of")),
            ],
        ),
    ]
