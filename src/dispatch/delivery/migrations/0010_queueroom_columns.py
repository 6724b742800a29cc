"""Who answered a reader last and what was answered before; and how many readers a chunk has, beside the list of them.

A generated column would have written every chunk anew while nobody could touch one; the trigger costs nothing where the
readers stay as they are, which is every statement but the first.
"""

from django.db import migrations

COLUMNS = """
ALTER TABLE delivery_exception
    ADD COLUMN provider_class smallint NOT NULL DEFAULT 0,
    ADD COLUMN answered_by bigint NOT NULL DEFAULT 0,
    ADD COLUMN past text[] NOT NULL DEFAULT '{}';
ALTER TABLE delivery_chunk ADD COLUMN size integer;
CREATE FUNCTION delivery_chunk_sized() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.size := cardinality(NEW.recipients);
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_chunk_sized BEFORE INSERT OR UPDATE OF recipients ON delivery_chunk
    FOR EACH ROW EXECUTE FUNCTION delivery_chunk_sized();
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0009_many_relays")]
    operations = [migrations.RunSQL(COLUMNS, migrations.RunSQL.noop)]
