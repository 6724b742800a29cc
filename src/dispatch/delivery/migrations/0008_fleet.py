from django.db import migrations, models

STEP = """
CREATE TABLE dispatch_step (
    id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    step integer NOT NULL,
    bears integer NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE dispatch_step IS 'Which step the database is at, and the oldest whose programs it bears (local/upgrading.py)';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0007_dns_domains"),
    ]

    operations = [
        migrations.AddField(
            model_name="chunk",
            name="is_careful",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="workerbeat",
            name="heard_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(STEP, "DROP TABLE dispatch_step"),
    ]
