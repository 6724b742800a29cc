"""What came back of the last days' letters, summed; at once, so that no trouble seems over until the clock has summed it."""

from django.db import migrations, models

SUM = """
INSERT INTO operations_returnedshare (relay, provider, kind, count, letters)
SELECT split_part(part, '/', 1), split_part(part, '/', 2)::smallint, back.outcome, back.letters, sent.letters
FROM (SELECT part, outcome, sum(count)::bigint AS letters FROM operations_flow
      WHERE at > now() - interval '3 days' AND kind = 'mail' AND outcome IN ('hard', 'complaint') GROUP BY 1, 2) AS back
     JOIN (SELECT part, sum(count)::bigint AS letters FROM operations_flow
           WHERE at > now() - interval '3 days' AND kind = 'mail' AND outcome = 'sent' GROUP BY 1) AS sent USING (part)
WHERE sent.letters > 0
"""


class Migration(migrations.Migration):
    dependencies = [("operations", "0005_items_entries")]

    operations = [
        migrations.CreateModel(
            "ReturnedShare",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("relay", models.CharField(max_length=80)),
                ("provider", models.PositiveSmallIntegerField()),
                ("kind", models.CharField(max_length=10)),
                ("count", models.PositiveBigIntegerField()),
                ("letters", models.PositiveBigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("relay", "provider", "kind"), name="share_summed_once"),
                ],
            },
        ),
        migrations.RunSQL(SUM, migrations.RunSQL.noop),
    ]
