"""Three hosts, each with web, worker and clock, share a database, a broker and a mail server on a fourth. Each trouble of a
fleet comes while mail goes out, a rolling upgrade among them. `make chaos ARGS=--fleet`; with `--quick` in some minutes.

Prints a table of what happened and ends with a JSON line; fails where a promise is broken. Needs network namespaces.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import namespaces
import next_version
import run
from world import DISPATCH, HERE, TIMES, World, tell, until

HOSTS = ("h1", "h2", "h3")
QUICK = {"readers": 4000, "pace": 200.0, "rounds": 1, "away": 5, "limit": 100}
WHOLE = {"readers": 15_000, "pace": 300.0, "rounds": 3, "away": 30, "limit": 36_000}
"""The limit: seconds after which a quick run leaves out what is left, and says so; the upgrade comes first."""
SILENT = 15
RECOVERS = 120.0
"""Seconds after each trouble within which what it held goes on."""
ONLINE = (
    "import urllib.request as r; "
    "print(r.urlopen(r.Request('http://{}:8321/readyz', headers=dict(Host='localhost')), timeout=20).status)"
)


@dataclass
class Event:
    """One trouble."""

    what: str
    host: str
    at: float  # seconds since the first letter
    recovered: float = 0.0  # seconds until everything that was held then had gone on
    note: str = ""


class Fleet(World):
    """The fourth host's programs are minded like any world's; hosts are up or not."""

    def __init__(self, folder):
        super().__init__(folder)
        self.hosts, self.code, self.notes = {}, dict.fromkeys(HOSTS, ""), []
        os.environ |= {"DISPATCH_SILENT_SECONDS": str(SILENT), "DISPATCH_DRAIN_SECONDS": "8"}

    def start_hub(self):
        from dispatch.local import postgres, valkey

        data = self.folder / "postgres"
        postgres.prepare(data, self.run)
        with (data.resolve() / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {namespaces.NET}.0/24 trust\n")
        listens = [f"-clisten_addresses={namespaces.HUB}", "-cmax_connections=300"]
        served = [*postgres.command(data, self.run), *listens]
        self.add("database", namespaces.inside("hub", served, postgres.owner()))
        listens = ["--port", "6379", "--bind", namespaces.HUB, "--protected-mode", "no"]
        self.add("broker", namespaces.inside("hub", [*valkey.command(self.folder / "valkey", self.run), *listens]))
        sink = [sys.executable, HERE / "sink.py", f"{namespaces.HUB}:2525", self.arrived]
        self.add("sink", namespaces.inside("hub", sink))
        assert until((self.run / ".s.PGSQL.5432").exists, 60), "the database does not start"
        subprocess.run([*DISPATCH, "migrate"], check=True, stdout=self.log, stderr=self.log)
        threading.Thread(target=self.mind, daemon=True).start()

    def start_host(self, host):
        ours = {
            "DISPATCH_DATABASE_URL": f"postgresql://dispatch@{namespaces.HUB}/dispatch",
            "DISPATCH_BROKER_URL": f"redis://{namespaces.HUB}:6379",
            "DISPATCH_DATA_DIR": str(self.folder / host),
            "PYTHONPATH": self.code[host],
        }
        command = [sys.executable, HERE / "host.py", namespaces.address(host)]
        self.hosts[host] = subprocess.Popen(
            namespaces.inside(host, command), env={**os.environ, **ours}, cwd="/", stdout=self.log, stderr=self.log
        )

    def stop_host(self, host):
        """In order. Seconds that it took."""
        began = time.monotonic()
        self.hosts[host].send_signal(signal.SIGTERM)
        self.hosts[host].wait(120)
        return time.monotonic() - began

    def lose_host(self, host):
        namespaces.kill(host)
        self.hosts[host].wait(30)

    def is_working(self, host):
        """Whether a worker of this host hears."""
        from datetime import timedelta

        from django.utils import timezone

        from dispatch.delivery.models import WorkerBeat

        alive = WorkerBeat.objects.filter(
            name__startswith=f"{host}:", beat_at__gt=timezone.now() - timedelta(seconds=8)
        )
        return run.asked(lambda: alive.exclude(queues="clock").exclude(doing="deaf").exists())

    def workers(self, host):
        """Its worker's own process, and those that it forked."""
        found = {}
        for process in namespaces.processes(host):
            try:
                words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
                found[process] = int(Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            if b"worker" not in words:
                del found[process]
        return sorted(found, key=lambda process: found[process] in found)  # who was forked by none of them comes first

    def stop(self):
        for process in self.hosts.values():
            tell(process.pid, signal.SIGKILL)
        for host in HOSTS:
            namespaces.kill(host)
        super().stop()


class Troubles:
    """Each waits until what was held at its moment has gone on."""

    def __init__(self, fleet, sizes, people):
        self.fleet, self.sizes, self.people = fleet, sizes, people
        self.sends, self.events, self.left_out, self.began = [], [], [], time.monotonic()

    def load(self):
        """More mail, where little is left: a send of each policy."""
        from dispatch.delivery import ledger

        if sum(run.remaining(send) or 0 for send in self.sends) > self.sizes["readers"]:
            return
        for policy in run.POLICIES:
            self.sends.append(ledger.enlist(run.rendered(f"{policy} {len(self.sends)}", policy)).pk)

    def go(self, act, host):
        print(f"  {act.__name__.replace('_', ' ')} {host}", flush=True)
        self.load()
        event = Event(act.__name__.replace("_", " "), host, round(time.monotonic() - self.began, 1))
        self.events.append(event)
        event.note = act(host, event) or ""

    def recovers(self, event):
        """Until each chunk that is held now has gone on, and something moves."""
        began, held, left = time.monotonic(), None, None

        def gone_on():
            nonlocal held, left
            now = run.asked(
                lambda: ({pk: at for send in self.sends for pk, at in run.leases(send).items()}, self.left())
            )
            if now is None:
                return False
            if held is None:
                held, left = now
            held = {chunk: at for chunk, at in held.items() if now[0].get(chunk) == at}
            return not held and now[1] != left

        until(gone_on, RECOVERS + 60)
        event.recovered = round(time.monotonic() - began, 1)

    def left(self):
        return [run.remaining(send) for send in self.sends]

    def cut_off(self, host, event):
        namespaces.cut(host)
        self.recovers(event)
        time.sleep(self.sizes["away"])
        namespaces.mend(host)
        began = time.monotonic()
        until(lambda: self.fleet.is_working(host), RECOVERS)
        return f"works again {time.monotonic() - began:.0f} s after its return"

    def lose_power(self, host, event):
        self.fleet.lose_host(host)
        self.recovers(event)
        self.fleet.start_host(host)

    def freeze_worker(self, host, event):
        """All of it stands still, for good: the host's watchdog replaces it."""
        old = self.fleet.workers(host)
        for process in old:
            tell(process, signal.SIGSTOP)
        began = time.monotonic()
        self.recovers(event)
        until(lambda: (now := self.fleet.workers(host)) and now[0] not in old and self.fleet.is_working(host), RECOVERS)
        took = time.monotonic() - began
        event.recovered = max(event.recovered, round(took, 1))
        return f"replaced after {took:.0f} s"

    def kill_worker(self, host, event):
        for process in self.fleet.workers(host):
            tell(process, signal.SIGKILL)
        self.recovers(event)

    def stop_broker(self, host, event):
        """It stands still, and then loses its memory."""
        for process in self.fleet.processes("broker"):
            tell(process, signal.SIGSTOP)
        time.sleep(self.sizes["away"])
        for process in self.fleet.processes("broker"):
            tell(process, signal.SIGKILL)
        self.recovers(event)

    def crash_database(self, host, event):
        self.fleet.kill("database", signal.SIGQUIT)
        self.recovers(event)

    def drop_mail_lines(self, host, event):
        self.fleet.kill("sink")
        self.recovers(event)

    def upgrade(self, host, event):
        """The database first, then this host; the others are of the step before."""
        code = str(self.fleet.folder / "next")
        if not Path(code).exists():
            next_version.make(code)
            environment = {**os.environ, "PYTHONPATH": code}
            subprocess.run(
                [*DISPATCH, "migrate"], check=True, env=environment, stdout=self.fleet.log, stderr=self.fleet.log
            )
        took = self.fleet.stop_host(host)
        self.fleet.code[host] = code
        self.fleet.start_host(host)
        self.recovers(event)
        until(lambda: self.fleet.is_working(host), RECOVERS)
        return f"stopped in {took:.1f} s"

    def every(self):
        rest = [
            (self.lose_power, "h2"),
            (self.stop_broker, "hub"),
            (self.kill_worker, "h1"),
            (self.crash_database, "hub"),
            (self.drop_mail_lines, "hub"),
        ]
        first = [(self.cut_off, "h1"), (self.freeze_worker, "h3")]
        upgrades = [(self.upgrade, host) for host in HOSTS]
        further = [*rest, *first] * (self.sizes["rounds"] - 1)
        for number, (act, host) in enumerate([*first, *upgrades, *rest, *further]):
            if time.monotonic() - self.began > self.sizes["limit"] and act != self.upgrade:
                self.left_out.append(act.__name__.replace("_", " "))
                continue
            is_later = number >= len(first) + len(upgrades) + len(rest)
            self.go(act, f"h{number % 3 + 1}" if is_later and host != "hub" else host)


def main(*, quick):
    try:
        namespaces.require()
    except namespaces.NotHere as why:
        print(f"No fleet on this machine: {why}")
        return 3
    sizes = QUICK if quick else WHOLE
    print(", ".join(f"{name}={value}" for name, value in {**TIMES, **sizes, "silent": SILENT}.items()), flush=True)
    with tempfile.TemporaryDirectory(prefix="dispatch-fleet-") as name:
        fleet = Fleet(Path(name))
        try:
            namespaces.lay(HOSTS)
            return tell_all(fleet, *played(fleet, sizes))
        except BaseException:
            print((fleet.folder / "log").read_text(errors="replace")[-5000:], file=sys.stderr)
            raise
        finally:
            fleet.stop()
            namespaces.take_away(HOSTS)


def played(fleet, sizes):
    fleet.start_hub()
    people = run.prepare(fleet, sizes["readers"])
    from dispatch.delivery import relays
    from dispatch.delivery.models import Relay

    relays.save("sink", f"smtp://{namespaces.HUB}:2525?security=none")
    Relay.objects.update(per_second=sizes["pace"])
    for host in HOSTS:
        fleet.start_host(host)
    assert until(lambda: all(fleet.is_working(host) for host in HOSTS), 180), "the hosts do not start"
    troubles = Troubles(fleet, sizes, people)
    troubles.load()
    troubles.every()
    run.asked(lambda: Relay.objects.update(per_second=None))
    until(lambda: all(run.state(send) in {"finished", "unbalanced"} for send in troubles.sends), 240)
    return troubles, [ready(host) for host in HOSTS]


def ready(host):
    """What its web says to the hub."""
    asked = namespaces.inside("hub", [sys.executable, "-c", ONLINE.format(namespaces.address(host))])
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def tell_all(fleet, troubles, online):
    """The table, the promises that did not hold, and the JSON line."""
    import counting

    from dispatch.delivery.models import Chunk, Send

    print(f"\n{'at, s':>7}  {'what':<18}{'where':<7}{'recovered, s':>13}  note")
    for event in troubles.events:
        print(f"{event.at:>7}  {event.what:<18}{event.host:<7}{event.recovered:>13}  {event.note}")
    if troubles.left_out:
        print(f"Left out, for {troubles.sizes['limit']} s were over: {', '.join(troubles.left_out)}.")
    told = {"lost": 0, "doubled_never_twice": 0, "doubled_resend_once": 0, "ambiguous": 0, "unknown": 0}
    broken = []
    for send in Send.objects.filter(pk__in=troubles.sends).order_by("pk"):
        now = counting.count(send.pk, troubles.people, fleet.arrived)
        told["lost"] += len(now.missing)
        told["unknown"] += now.unknown
        told[f"doubled_{send.ambiguity}"] += now.doubled
        told["ambiguous"] += now.ambiguous if send.ambiguity == "resend_once" else 0
        if send.state != "finished":
            broken.append(f"send {send.pk} ended as {send.state}: {run.what_keeps(send.pk)}")
    by = {step: run.asked(lambda step=step: _sent_by(step)) for step in ("", "2")}
    told |= {"recovered_s": max(event.recovered for event in troubles.events), "sends": len(troubles.sends)}
    told |= {"chunks_by_old": by[""], "chunks_by_next": by["2"], "chunks": Chunk.objects.count()}
    broken += [f"{name}: {told[name]}" for name in ("lost", "doubled_never_twice") if told[name]]
    if told["doubled_resend_once"] > told["ambiguous"]:
        broken.append("doubled more than it says")
    if told["recovered_s"] > RECOVERS:
        broken.append("did not go on in time")
    if not (by[""] and by["2"]):
        broken.append("old and next did not work side by side")
    if online != ["200"] * len(HOSTS):
        broken.append(f"not every web is ready afterwards: {online}")
    for promise in broken:
        print(f"BROKEN: {promise}")
    print(json.dumps(told), flush=True)
    return 1 if broken else 0


def _sent_by(step):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM delivery_chunk WHERE sent_by = %s AND token > 0", [step])
        return cursor.fetchone()[0]
