"""What is done to a whole database: the dump that a backup is made of, and its way back into an empty one, indexes and all.

The programs are those of `dispatch backup` and `dispatch restore`, without age, which takes what is dumped as it comes.
`carried.py READERS` prints microseconds of processor and bytes, a reader.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bill
import crowd
import embedded
import growing

OTHER = "carried"


def measured(readers: int) -> dict[str, float]:
    """Of a database that holds so many readers and little else: microseconds of processor and bytes, a reader."""
    with embedded.database() as folder:
        growing.fill(1, readers)
        crowd.settle()
        found = there_and_back(folder / "dump")
    return {name: value / readers for name, value in found.items()}


def there_and_back(file: Path) -> dict[str, float]:
    from django.conf import settings
    from django.db import connection

    from dispatch import env
    from dispatch.local import client

    url = env.database_url()
    with spent() as dump:
        subprocess.run([client.program("pg_dump"), "--format=custom", f"--file={file}", f"--dbname={url}"], check=True)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {OTHER} TEMPLATE template0")
    other = url.replace(f"/{settings.DATABASES['default']['NAME']}?", f"/{OTHER}?")
    words = ["--no-owner", "--no-privileges", "--exit-on-error", f"--dbname={other}", str(file)]
    with spent() as restore:
        subprocess.run([client.program("pg_restore"), *words], check=True)
    return {"dump_us": dump[0] * 1e6, "restore_us": restore[0] * 1e6, "dump_bytes": file.stat().st_size}


@contextmanager
def spent() -> Iterator[list[float]]:
    """Seconds of processor of the program and of PostgreSQL together, which take turns: about what it takes by the clock."""
    found = [0.0]
    before = children()
    with bill.of() as database:
        yield found
    found[0] = database.cpu + children() - before


def children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    os.environ["DISPATCH_DATABASE_POOL"] = "0"
    print(json.dumps(measured(int(sys.argv[1]))))
