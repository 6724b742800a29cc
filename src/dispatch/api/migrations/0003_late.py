from pathlib import Path

from django.db import migrations

LATE = (Path(__file__).parents[1] / "sql" / "late.sql").read_text(encoding="utf-8")
UNDONE = """
DROP TRIGGER api_edition ON editions_edition;
DROP FUNCTION api_on_edition;
DROP TRIGGER api_post ON social_post;
CREATE TRIGGER api_post AFTER UPDATE OF state ON social_post FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state AND NEW.state IN ('sent', 'refused', 'unknown', 'gone'))
    EXECUTE FUNCTION api_on_post();
"""


class Migration(migrations.Migration):
    dependencies = [("api", "0002_api_events")]

    operations = [migrations.RunSQL(LATE, UNDONE)]
