"""What a look at the DNS found for relays whose addresses ask for DANE, beside their tests."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0022_turns")]

    operations = [migrations.AddField("relay", "dane", models.JSONField(null=True))]
