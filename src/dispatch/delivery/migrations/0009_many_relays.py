"""Several relays at once: weights, warm-ups, and which relay may have a letter whose fate is in doubt."""

import django.db.models.deletion
from django.db import migrations, models


KEEP = """
-- Until now the first relay took everything and the others stood by: so it stays until somebody gives them a weight.
UPDATE delivery_relay SET weight = 0 WHERE id > (SELECT min(id) FROM delivery_relay WHERE active)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0008_fleet"),
    ]

    operations = [
        migrations.AddField(
            model_name="chunk",
            name="tie",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "any relay"),
                    ("wish", "this one while it takes mail"),
                    ("only", "this one and no other: it may have the letters already"),
                ],
                db_default="",
                max_length=4,
            ),
        ),
        migrations.AddField(
            model_name="relay",
            name="opened_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="relay",
            name="tested",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="relay",
            name="tested_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="relay",
            name="warm_up",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="relay",
            name="warm_up_from",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="relay",
            name="weight",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
        migrations.RunSQL(
            "ALTER TABLE delivery_exception ADD COLUMN relay bigint", "ALTER TABLE delivery_exception DROP COLUMN relay"
        ),
        migrations.AlterField(
            model_name="chunk",
            name="relay",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="delivery.relay",
            ),
        ),
        migrations.CreateModel(
            name="RelayDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("letters", models.PositiveIntegerField(default=0)),
                (
                    "relay",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="days", to="delivery.relay"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("relay", "day"), name="a_relays_day_once")],
            },
        ),
    ]
