"""The partitioned table of exceptions, a chunk table that keeps its updates in place, and the view of fates."""

from pathlib import Path

from django.db import migrations

CREATE = """
CREATE TABLE delivery_exception (
    send_id bigint NOT NULL,
    subscriber_id bigint NOT NULL,
    chunk integer NOT NULL,
    state varchar(16) NOT NULL,
    code varchar(20) NOT NULL DEFAULT '',
    attempts smallint NOT NULL DEFAULT 1,
    doubts smallint NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    retry_chunk integer,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (send_id, subscriber_id)
) PARTITION BY LIST (send_id);
CREATE INDEX delivery_exception_due ON delivery_exception (next_attempt_at)
    WHERE state = 'deferred' AND retry_chunk IS NULL;
CREATE INDEX delivery_exception_by_state ON delivery_exception (send_id, state);
ALTER TABLE delivery_chunk SET (fillfactor = 20, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX delivery_chunk_open ON delivery_chunk (id) WHERE state IN ('pending', 'leased');
CREATE INDEX delivery_chunk_next ON delivery_chunk (send_id, number) WHERE state IN ('pending', 'leased');
"""
FATE = (Path(__file__).parents[1] / "sql" / "fate.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("delivery", "0001_initial")]
    operations = [
        migrations.RunSQL(CREATE, "DROP TABLE delivery_exception"),
        migrations.RunSQL(FATE, "DROP VIEW delivery_fate"),
    ]
