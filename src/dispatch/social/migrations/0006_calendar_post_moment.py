import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0001_initial"),
        ("social", "0005_schedule_late_and_recurring"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="post",
            index=models.Index(django.db.models.functions.comparison.Coalesce("sent_at", "due_at"), name="post_moment"),
        ),
    ]
