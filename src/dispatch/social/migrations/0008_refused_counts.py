from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("social", "0007_as_it_was"),
    ]

    operations = [
        migrations.AddField(
            model_name="counted",
            name="refused",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name="counted",
            index=models.Index(condition=models.Q(("refused", True)), fields=["asked_at"], name="counts_refused"),
        ),
    ]
