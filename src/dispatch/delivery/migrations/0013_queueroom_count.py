"""Readers with an exception who were there before they were counted as they came.

One statement, so one moment: whoever came since is in the table and among the moves, and what the two differ by is what is
missing. It locks nobody out, while a count together with its triggers held up a sender for two seconds with a million of them.
"""

from django.db import migrations

COUNT = """
INSERT INTO delivery_heapmove (send_id, state, provider_class, relay_id, code, readers)
SELECT send_id, state, provider_class, relay_id, code, sum(readers)
FROM (SELECT send_id, state, provider_class, answered_by AS relay_id, code, count(*) AS readers
      FROM delivery_exception GROUP BY 1, 2, 3, 4, 5
      UNION ALL
      SELECT send_id, state, provider_class, relay_id, code, -readers FROM delivery_heaps) AS both_of_them
GROUP BY 1, 2, 3, 4, 5 HAVING sum(readers) <> 0
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0012_queueroom_heaps")]
    operations = [migrations.RunSQL(COUNT, migrations.RunSQL.noop)]
