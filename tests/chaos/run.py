"""Kills whatever mail needs while it goes out, and counts what arrived. `make chaos`, with ARGS=--quick or ARGS=--points.

Lost: neither arrived nor recorded as unknown. Prints a table and ends with a JSON line; fails where a promise is broken.
"""

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from faults import Faults
from world import TIMES, World, until

QUICK = {"readers": 30_000, "seeds": [], "trouble": 15, "blackout": 5, "journals": (True, False)}
WHOLE = {"readers": 60_000, "seeds": [1, 2, 3], "trouble": 60, "blackout": 30, "journals": (True, False)}
POLICIES = ("resend_once", "never_twice")
RECOVERS = float(TIMES["DISPATCH_LEASE_SECONDS"]) + 10
"""Seconds after the last trouble, and after any letter then, within which mail goes on."""
SETTLES = RECOVERS + float(TIMES["DISPATCH_RESEND_WAIT_SECONDS"])
"""Seconds after the first round within which the last doubts are sent again, and the send is closed."""


@dataclass
class Run:
    """One send through trouble."""

    policy: str
    journal: bool
    seed: int
    readers: int
    faults: Counter = field(default_factory=Counter)
    lost: int = 0
    doubled: int = 0
    unknown: int = 0
    ambiguous: int = 0
    takeovers: int = 0
    state: str = ""
    recovered: float = 0.0  # seconds at most, after the last trouble, that nothing moved
    seconds: float = 0.0

    @property
    def broken(self):
        """The promises that did not hold."""
        found = []
        if self.lost:
            found.append("lost readers")
        if self.doubled > (0 if self.policy == "never_twice" else self.ambiguous):
            found.append("doubled more than it says")
        if self.state != "finished":
            found.append(f"ended as {self.state}")
        if self.recovered > RECOVERS:
            found.append("did not go on by itself")
        return found


def main():
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one seed and fewer readers, in under five minutes")
    parser.add_argument("--seed", type=int, action="append", help="instead of the fixed ones and a random one")
    parser.add_argument("--policy", choices=POLICIES, action="append", help="instead of both")
    parser.add_argument(
        "--points", action="store_true", help="a small send for every effect that a worker may die after"
    )
    parser.add_argument("--fleet", action="store_true", help="three hosts in network namespaces, and what befalls them")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing is left running
    if options.points:
        return points()
    if options.fleet:
        import fleet

        return fleet.main(quick=options.quick)
    sizes = QUICK if options.quick else WHOLE
    seeds = options.seed or [*sizes["seeds"], secrets.randbelow(10**6)]
    print(f"Seeds {', '.join(map(str, seeds))}; " + ", ".join(f"{name}={value}" for name, value in TIMES.items()))
    with tempfile.TemporaryDirectory(prefix="dispatch-chaos-") as name:
        world = World(Path(name))
        world.start()
        try:
            people = prepare(world, sizes["readers"])
            policies = options.policy or POLICIES
            plan = [(seed, policy, journal) for seed in seeds for policy in policies for journal in sizes["journals"]]
            runs = [one(world, people, sizes, each) for each in plan]
        except BaseException:
            print((world.folder / "log").read_text(errors="replace")[-5000:], file=sys.stderr)
            raise
        finally:
            world.stop()
    return tell(runs)


def points():
    with tempfile.TemporaryDirectory(prefix="dispatch-chaos-") as name:
        world = World(Path(name))
        try:
            world.start_database()
            return subprocess.call([sys.executable, Path(__file__).with_name("points.py")])
        finally:
            world.stop()


def prepare(world, count):
    """A newsletter, its readers by the real import, a relay."""
    import logging

    import django

    os.environ["DISPATCH_DATABASE_POOL"] = "0"
    django.setup()
    logging.disable(logging.WARNING)
    from dispatch.audience import importing
    from dispatch.audience.models import Newsletter, Subscriber
    from dispatch.delivery import relays

    Newsletter.objects.create(
        slug="office", languages=["en"], from_name="Office", from_address="news@example.org", names={"en": "Office"}
    )
    file = world.folder / "readers.csv"
    file.write_text("email,name,language\n" + "".join(f"r{n:06}@example.org,Alice,en\n" for n in range(count)))
    assert not importing.run(file, importing.Defaults("office"), apply=True).faults
    relays.save("sink", f"smtp://127.0.0.1:{world.smtp.getsockname()[1]}?security=none")
    return list(Subscriber.objects.values_list("pk", flat=True))


def one(world, people, sizes, plan):
    """Enlist, make trouble, let it settle, count."""
    seed, policy, journal = plan
    from dispatch.delivery import ledger
    from dispatch.delivery.models import Send

    run = Run(policy, journal, seed, len(people))
    world.keep_journals(journal)
    send = ledger.enlist(rendered(f"{policy} {journal} {seed}", policy)).pk
    faults = Faults(world, seed, send, blackout=sizes["blackout"])
    began = time.monotonic()
    faults.thread.start()
    until(lambda: state(send) == "finished", sizes["trouble"])
    faults.stop()
    run.faults, run.recovered = faults.done, recovery(send)
    # What is left goes at the pace of the receiver; from then on only a lease and a wait may be between it and the end.
    drain(send)
    until(lambda: state(send) in {"finished", "unbalanced"}, SETTLES)
    run.state, run.seconds = Send.objects.get(pk=send).state, time.monotonic() - began
    if run.state != "finished":
        keeps = what_keeps(send)
        until(lambda: state(send) in {"finished", "unbalanced"}, 120)
        print(f"What kept it for {time.monotonic() - began - run.seconds:.0f} s more: {keeps}")
    count(world, run, send, people)
    kept, troubles = "with" if journal else "without", sum(run.faults.values())
    print(f"{policy}, {kept} a journal, seed {seed}: {run.seconds:.0f} s, {troubles} troubles", flush=True)
    return run


def what_keeps(send):
    """Open chunks, those put off, the relay, who is alive, and the doorbells that wait."""
    from django.utils import timezone

    from dispatch import queue
    from dispatch.delivery.models import Chunk, DeliveryException, Relay, WorkerBeat

    chunks = Chunk.objects.filter(send=send).exclude(state="done")
    put_off = DeliveryException.objects.filter(send=send, state="deferred")
    return [
        *chunks.values("number", "state", "is_retry", "settled", "ahead", "takeovers", "not_before", "rung_at")[:9],
        *put_off.values("code", "retry_chunk", "next_attempt_at")[:9],
        *Relay.objects.values("breaker", "failures", "opened_times", "probe_at", "trouble"),
        *WorkerBeat.objects.filter(beat_at__gt=timezone.now() - timedelta(minutes=1)).values(
            "name", "doing", "beat_at"
        ),
        queue.waiting(3),
        timezone.now(),
    ]


def drain(send):
    """Let the first round come to its end, however slow the machine, while it moves: a relay in trouble is left alone
    for half a minute."""
    left = remaining(send)
    while left != 0 and until(lambda left=left: remaining(send) != left, 60):
        left = remaining(send)


def recovery(send):
    """The longest that nothing of the send moved, in seconds, from the last trouble until every chunk that a worker, dead or
    alive, held then has gone on. While others move, one may wait for its turn."""
    last, longest, seen, held = time.monotonic(), 0.0, None, None

    def gone_on():
        nonlocal last, longest, seen, held
        now = asked(lambda: (leases(send), remaining(send)))
        if now is not None and now != seen:
            last, seen = time.monotonic(), now
            leased = now[0]
            held = {chunk: at for chunk, at in (leased if held is None else held).items() if leased.get(chunk) == at}
        longest = max(longest, time.monotonic() - last)
        return held == {} or longest > RECOVERS

    until(gone_on, 900)
    return round(longest, 1)


def leases(send):
    """Chunks that are held, and how far each is."""
    from dispatch.delivery.models import Chunk

    leased = Chunk.objects.filter(send=send, state="leased")
    return {pk: at for pk, *at in leased.values_list("pk", "token", "settled")}


def rendered(slot, policy):
    from django.utils import timezone

    from dispatch.audience.models import Newsletter
    from dispatch.editions import slots
    from dispatch.editions.models import Edition, Variant, digest

    Newsletter.objects.update(ambiguity=policy)
    edition = Edition.objects.create(
        newsletter=Newsletter.objects.get(), slot=slot, state="rendered", due_at=timezone.now()
    )
    nonce = slots.new_nonce()
    text = f"Hello{slots.token(nonce, 'name')}!\n{slots.token(nonce, 'leave')}\n" + "A line.\n" * 100
    content = {"subject": "News", "text": text, "html": f"<p>{text}</p>"}
    Variant.objects.create(edition=edition, language="en", nonce=nonce, hash=digest(**content), **content)
    return edition.pk


def state(send):
    """Or nothing, while the database is away."""
    return asked(lambda: _send(send).state)


def remaining(send):
    """Readers whose turn has not come in the first round."""
    from dispatch.delivery import ledger

    return asked(lambda: (totals := ledger.totals(send)).frozen - totals.settled)


def asked(question):
    from django.db import Error, connection

    try:
        return question()
    except Error:
        connection.close()
        return None


def _send(number):
    from dispatch.delivery.models import Send

    return Send.objects.get(pk=number)


def count(world, run, send, people):
    """At the receiver, against the readers: not what the ledger says of itself, but for who is unknown."""
    import counting

    now = counting.count(send, people, world.arrived)
    run.lost, run.doubled, run.unknown = len(now.missing), now.doubled, now.unknown
    run.ambiguous, run.takeovers = now.ambiguous, now.stretches


def tell(runs):
    print()
    kinds = sorted({kind for run in runs for kind in run.faults})
    lines = [
        ("policy", [run.policy for run in runs]),
        ("journal", ["yes" if run.journal else "no" for run in runs]),
        ("seed", [run.seed for run in runs]),
        ("readers", [run.readers for run in runs]),
        *((kind, [run.faults[kind] for run in runs]) for kind in kinds),
        ("lost", [run.lost for run in runs]),
        ("doubled", [run.doubled for run in runs]),
        ("unknown", [run.unknown for run in runs]),
        ("ambiguous", [run.ambiguous for run in runs]),
        ("stretches in doubt", [run.takeovers for run in runs]),
        ("longest silence after, s", [run.recovered for run in runs]),
        ("seconds in all", [round(run.seconds) for run in runs]),
        ("ended as", [run.state for run in runs]),
    ]
    for name, values in lines:
        print(f"{name:<28}" + "".join(f"{value:>14}" for value in values))
    for run in runs:
        for promise in run.broken:
            print(f"BROKEN: {run.policy}, journal {run.journal}, seed {run.seed}: {promise}")
    by_policy = {policy: [run for run in runs if run.policy == policy] for policy in POLICIES}
    said = {
        "lost": sum(run.lost for run in runs),
        "doubled_never_twice": sum(run.doubled for run in by_policy["never_twice"]),
        "doubled_resend_once": sum(run.doubled for run in by_policy["resend_once"]),
        "ambiguous": sum(run.ambiguous for run in by_policy["resend_once"]),
        "unbalanced": sum(run.state != "finished" for run in runs),
        "recovered_in": max(run.recovered for run in runs),
    }
    print(json.dumps(said))
    return 1 if any(run.broken for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
