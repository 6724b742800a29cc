-- What one table holds, in two figures that do not depend on the order of its rows: so that a database and its copy under another
-- major version can be compared without writing either down.
--
-- hashtextextended over a row as text, because every type has a text that is the same in each version (sealed columns are bytea,
-- which reads as hexadecimal digits, byte for byte), and because PostgreSQL itself relies on that hash staying what it is: the
-- partitions of a hash-partitioned table do. The alias has a blank in it, so that it can be no column's name.
--
-- Measured on 1,000,000 readers with a subscription each (bench/major.py, two cores at a load of 25): 12 s for all tables.
SELECT count(*), coalesce(sum(hashtextextended("the row"::text, 0)), 0)::text FROM {table} AS "the row"
