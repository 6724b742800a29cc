from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0019_workers_connections"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailbox",
            name="read_at",
            field=models.DateTimeField(null=True),
        ),
        # how long one in trouble was not read is not known: it is told an hour from now on
        migrations.RunSQL("UPDATE delivery_mailbox SET read_at = now()", migrations.RunSQL.noop),
    ]
