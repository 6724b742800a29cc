"""Tasks that hung and were ended are counted, and mails in a mailbox that could not be read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0024_told_disks")]

    operations = [
        migrations.CreateModel(
            "HungTask",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=80, unique=True)),
                ("count", models.BigIntegerField()),
                ("last", models.CharField(max_length=160)),
                ("last_at", models.DateTimeField()),
                ("last_seconds", models.PositiveIntegerField()),
            ],
        ),
        migrations.AddField("mailbox", "aside", models.PositiveIntegerField(db_default=0, default=0)),
    ]
