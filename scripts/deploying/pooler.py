"""The whole demo with PgBouncer in session mode before its database, under the system calls that systemd's units leave it;
every letter is counted."""

import json
import os
import pwd
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
READERS = 200


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
            through = {**os.environ, "DISPATCH_DATABASE_URL": f"postgresql://dispatch@127.0.0.1:{port}/dispatch"}
            demo = ["demo", "--once", "--readers", READERS, "--port", web]
            command = [python, sandboxed, analyze, python, "-m", "dispatch.cli", *demo]
            said, status = parts.asked(command, env=through, cwd=work)
    last = said.strip().splitlines()[-1] if said.strip() else ""
    if status or json.loads(last)["missing"]:
        raise parts.Failed(f"the demo through PgBouncer: {said[-1500:]}")
    if "pooler error" in pooled.read_text():
        raise parts.Failed(f"PgBouncer had trouble: {pooled.read_text()[-1500:]}")
    told = json.loads(last)
    yield f"the demo through PgBouncer, under the units' system calls: {told['accepted']} letters, {told['missing']} missing"
