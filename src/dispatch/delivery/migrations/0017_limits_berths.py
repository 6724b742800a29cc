"""How many connections and letters all workers together may give a relay: leases and buckets, of no worth after a crash."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0016_queueroom_lateness"),
    ]

    operations = [
        migrations.AddField(
            model_name="relay",
            name="most_by_provider",
            field=models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name="relay",
            name="most_connections",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.CreateModel(
            name="Berth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("holder", models.CharField(max_length=60)),
                ("provider_class", models.SmallIntegerField()),
                ("held", models.PositiveSmallIntegerField()),
                ("wanted", models.PositiveSmallIntegerField()),
                ("is_urgent", models.BooleanField()),
                ("is_kept", models.BooleanField()),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                (
                    "relay",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="berths",
                        to="delivery.relay",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("relay", "holder"), name="berths_of_a_process")],
            },
        ),
        migrations.CreateModel(
            name="RelayPace",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider_class", models.SmallIntegerField()),
                ("level", models.FloatField()),
                ("at", models.DateTimeField()),
                (
                    "relay",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="delivery.relay",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("relay", "provider_class"), name="a_relays_pace_once")],
            },
        ),
        migrations.RunSQL(
            "ALTER TABLE delivery_berth SET UNLOGGED; ALTER TABLE delivery_relaypace SET UNLOGGED",
            migrations.RunSQL.noop,
        ),
    ]
