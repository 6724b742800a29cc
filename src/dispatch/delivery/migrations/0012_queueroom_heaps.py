"""Readers with an exception are counted as they come (sql/heaps.sql)."""

from pathlib import Path

from django.db import migrations

HEAPS = (Path(__file__).parents[1] / "sql" / "heaps.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("delivery", "0011_queueroom_indexes")]
    operations = [migrations.RunSQL(HEAPS, migrations.RunSQL.noop)]
