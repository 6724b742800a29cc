from django.db import migrations, models

MOVING = """
-- Sends under way while this is migrated must not be taken for ones that stood still.
UPDATE delivery_send SET stirred_at = clock_timestamp() WHERE state IN ('sending', 'first_wave');
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0014_queueroom_workers")]

    operations = [
        migrations.AddField("send", "stirred_at", models.DateTimeField(null=True)),
        migrations.AddField("send", "trail", models.CharField(blank=True, db_default="", default="", max_length=40)),
        migrations.RunSQL(MOVING, migrations.RunSQL.noop),
    ]
