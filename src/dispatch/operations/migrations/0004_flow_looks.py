"""When what flowed was last written down."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("operations", "0003_limits_sweeps")]

    operations = [
        migrations.CreateModel(
            "FlowLook",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
