"""Chunks of old sends name nobody: their readers become null, and how many they were stays.

Nothing is rewritten here. The clock strikes them out, old sends' first, some chunks at a time (delivery/forgetting.py).
"""

import django.contrib.postgres.fields
from django.db import migrations, models

SIZED = """
CREATE OR REPLACE FUNCTION delivery_chunk_sized() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.recipients IS NOT NULL THEN
        NEW.size := cardinality(NEW.recipients);
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0020_alerts_mailbox_read")]

    operations = [
        migrations.RunSQL(SIZED, migrations.RunSQL.noop),
        migrations.AlterField(
            "chunk",
            "recipients",
            django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), null=True, size=None),
        ),
        migrations.AddField("send", "emptied_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "send", models.Index(fields=["id"], name="send_remembered", condition=models.Q(("emptied_at", None)))
        ),
    ]
