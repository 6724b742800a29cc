"""Workers say which connections to relays they have."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0018_limits_reports"),
    ]

    operations = [
        migrations.AddField(
            model_name="workerbeat",
            name="connections",
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list),
        ),
    ]
