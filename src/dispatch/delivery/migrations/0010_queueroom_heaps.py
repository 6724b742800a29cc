"""What a person chose for a reader, earlier answers, and readers counted as they come (sql/heaps.sql)."""

from pathlib import Path

from django.db import migrations

COLUMNS = """
ALTER TABLE delivery_exception
    ADD COLUMN provider_class smallint NOT NULL DEFAULT 0,
    ADD COLUMN answered_by bigint NOT NULL DEFAULT 0,
    ADD COLUMN past text[] NOT NULL DEFAULT '{}';
UPDATE delivery_exception x SET provider_class = c.provider_class
FROM delivery_chunk c WHERE c.send_id = x.send_id AND c.number = x.chunk AND c.provider_class <> 0;
DROP INDEX delivery_exception_by_state;
CREATE INDEX delivery_exception_by_heap ON delivery_exception (send_id, state, provider_class, answered_by, code);
ALTER TABLE delivery_chunk ADD COLUMN size integer GENERATED ALWAYS AS (cardinality(recipients)) STORED;
CREATE INDEX delivery_chunk_stuck ON delivery_chunk (id) WHERE state = 'stuck';
"""
HEAPS = (Path(__file__).parents[1] / "sql" / "heaps.sql").read_text(encoding="utf-8")
COUNT = """
INSERT INTO delivery_heap (send_id, state, provider_class, relay_id, code, readers)
SELECT send_id, state, provider_class, answered_by, code, count(*) FROM delivery_exception GROUP BY 1, 2, 3, 4, 5
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0009_many_relays")]
    operations = [
        migrations.RunSQL(COLUMNS, migrations.RunSQL.noop),
        migrations.RunSQL(HEAPS, migrations.RunSQL.noop),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
