"""An instance with PgBouncer in session mode before its database, under the system calls that systemd's units leave it."""

import os
import pwd
import re
import urllib.request
from pathlib import Path

from deploying import parts
from dispatch.local import postgres, supervisor

CONFIG = """[databases]
dispatch = host={run} dbname=dispatch user=dispatch
[users]
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = session
max_client_conn = 200
default_pool_size = 80
ignore_startup_parameters = extra_float_digits
"""


def check(work):
    bouncer = parts.program("pgbouncer", "usr/sbin/pgbouncer")
    analyze = parts.program("systemd", "usr/bin/systemd-analyze")
    python, sandboxed = parts.ROOT / ".venv/bin/python", Path(__file__).with_name("sandboxed.py")
    port, web = parts.free_ports(2)
    data, run = work / "postgres", work / "run"
    postgres.prepare(data, run)
    config = work / "pgbouncer.ini"
    config.write_text(CONFIG.format(run=run, port=port))
    who = postgres.owner()
    nobody = {"user": who, "group": pwd.getpwnam(who).pw_gid, "extra_groups": []} if who else {}
    database, pooled = work / "postgres.log", work / "pgbouncer.log"
    with parts.running(postgres.command(data, run), database, **supervisor.identity(who)):
        parts.wait(lambda: any(run.glob(".s.PGSQL.*[0-9]")), "PostgreSQL does not start", database)
        with parts.running([bouncer, config], pooled, env=parts.libraries("pgbouncer"), **nobody):
            parts.wait(lambda: parts.listens(port), "PgBouncer does not start", pooled)
            up = [python, sandboxed, analyze, python, "-m", "dispatch.cli", "up", "--port", web]
            said = work / "dispatch.log"
            with parts.running(up, said, env=_through(work, port), cwd=work):
                parts.wait(lambda: _beats(web), "workers and clock were not seen", said)
            words = said.read_text() + pooled.read_text()
    if "Traceback" in words or "pooler error" in words:
        raise parts.Failed(f"an instance behind PgBouncer: {words[-2000:]}")
    yield "behind PgBouncer and under the units' system calls: migrations, web, a worker for every queue, the clock"


def _through(work, port):
    """Nothing of whoever calls this, and the database by way of the pooler alone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")}
    return kept | {
        "DISPATCH_DATABASE_URL": f"postgresql://dispatch@127.0.0.1:{port}/dispatch",
        "DISPATCH_DATA_DIR": str(work / "data"),
    }


def _beats(port):
    """Whether the database knows of a worker for every queue, and of the clock."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/operations/metrics", timeout=10) as answer:
            told = answer.read().decode()
    except OSError:
        return False
    workers = re.findall(r"^dispatch_workers\{.*\} ([0-9.]+)$", told, re.MULTILINE)
    clock = re.search(r"^dispatch_clock_age_seconds ([0-9.]+)$", told, re.MULTILINE)
    return bool(workers and all(float(one) > 0 for one in workers) and clock and float(clock[1]) < 60)
