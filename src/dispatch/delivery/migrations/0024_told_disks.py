"""Workers say how full the disks are that they stand on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0023_relay_dane"),
    ]

    operations = [
        migrations.AddField(
            model_name="workerbeat",
            name="disks",
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list),
        ),
    ]
