from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("social", "0006_calendar_post_moment"),
    ]

    operations = [
        migrations.AddField(model_name="post", name="before", field=models.JSONField(null=True)),
        migrations.AddField(model_name="post", name="asked_at", field=models.DateTimeField(null=True)),
    ]
