"""Readers with an exception are counted as they come (sql/heaps.sql); those who are there already, once."""

from pathlib import Path

from django.db import migrations

HEAPS = (Path(__file__).parents[1] / "sql" / "heaps.sql").read_text(encoding="utf-8")
COUNT = """
INSERT INTO delivery_heap (send_id, state, provider_class, relay_id, code, readers)
SELECT send_id, state, provider_class, answered_by, code, count(*) FROM delivery_exception GROUP BY 1, 2, 3, 4, 5
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0011_queueroom_indexes")]
    operations = [
        migrations.RunSQL(HEAPS, migrations.RunSQL.noop),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
