from pathlib import Path

from django.db import migrations

EVENTS = (Path(__file__).parents[1] / "sql" / "events.sql").read_text(encoding="utf-8")
UNDONE = """
DROP TRIGGER api_post ON social_post;
DROP TRIGGER api_article ON articles_article;
DROP TRIGGER api_sent ON delivery_send;
DROP TRIGGER api_send ON delivery_send;
DROP TRIGGER api_approval ON delivery_approval;
DROP TRIGGER api_stop ON accounts_stop;
DROP TRIGGER api_stop_lifted ON accounts_stop;
DROP FUNCTION api_on_post, api_on_article, api_on_send, api_on_sent, api_on_approval, api_on_stop, api_say_send, api_tell;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("api", "0001_api_initial"),
        ("articles", "0001_initial"),
        ("delivery", "0002_exceptions"),
        ("editions", "0001_initial"),
        ("social", "0001_initial"),
    ]

    operations = [migrations.RunSQL(EVENTS, UNDONE)]
