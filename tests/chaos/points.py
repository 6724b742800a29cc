"""Sends whose worker dies after its first effect on the world, its second, and every other, and what their readers got.

`make chaos ARGS=--points`. Each is small: twelve readers in two languages, windows of three, a receiver that says 250, 450,
451, 550, 554 or hangs up, a reader of each language who leaves after the freeze. Then time passes, and others go on.
"""

import argparse
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import django
from django.conf import settings

os.environ["DISPATCH_DATABASE_POOL"] = "0"  # its threads would not survive a fork
django.setup()

import counting  # noqa: E402 - needs Django's settings
import effects  # noqa: E402
import lives  # noqa: E402
from django.utils import timezone  # noqa: E402

from dispatch import vault  # noqa: E402
from dispatch.audience.models import Newsletter, Subscriber, Subscription  # noqa: E402
from dispatch.delivery import ledger, progress, relays  # noqa: E402
from dispatch.delivery.models import Send  # noqa: E402
from dispatch.editions import slots  # noqa: E402
from dispatch.editions.models import Edition, Variant, digest  # noqa: E402

CAST = ("alice", "refused", "later", "busy", "left")
READERS = [*((name, "en") for name in (*CAST, "silent")), *((name, "be") for name in (*CAST, "unwanted"))]
NOTHING = {"refused": {"refused"}, "unwanted": {"refused"}, "left": {"skipped", ""}}
"""Who is to get nothing, and what is said of them. All others are to get theirs."""
SMALL = {"chunk": 6, "window": 3, "resend_wait_seconds": 0}
CASES = [(policy, kept) for policy in ("resend_once", "never_twice") for kept in (True, False)]
PATIENCE = 48
"""Hours until everything must be over: a relay that hangs up on two of twelve readers is left alone again and again."""


class Run:
    """One send, and after which effects its lives are to die: who enlists it, a worker, the worker after that. 0: none."""

    def __init__(self, edition, *deaths):
        self.edition, self.deaths = edition, [*deaths, 0, 0, 0][:3]
        self.killed = []  # after what

    def live(self, which, rung):
        """A worker's life with this send."""
        if killed := lives.live(lives.work, rung, at=self.deaths[which]):
            self.killed.append(killed)
        self.deaths[which] = 0


class Case:
    """All runs under one policy, with or without a journal."""

    def __init__(self, readers, policy, *, journal, step):
        self.readers, self.policy, self.journal, self.step = readers, policy, journal, step
        self.runs, self.dead_clocks, self.broken, self.sums = [], 0, [], Counter()

    def enumerate(self, choose):
        """Each of the lives dies where `choose` says; the worker after the worker takes over from one that died midway."""
        enlisting, sending = self.begin()
        self.let_clocks_die(len(sending) // 3)
        for place in choose(enlisting):
            self.begin(place)
        for place in choose(sending):
            self.begin(0, place)
        for place in choose(sending)[:: self.step]:
            self.begin(0, len(sending) // 2, place)
        self.go_on()

    def begin(self, *deaths):
        """Enlist; someone leaves; send for the first time. What effects either had."""
        run = Run(rendered(self.policy, self.readers), *deaths)
        self.runs.append(run)
        run.live(0, [("email.enlist", [run.edition])])
        enlisting = effects.told()
        gone = [reader for reader, name in self.readers.items() if name == "left"]
        Subscription.objects.filter(newsletter__editions=run.edition, subscriber__in=gone).update(state="left")
        run.live(1, lives.heard())
        lives.heard()
        return enlisting, effects.told()

    def let_clocks_die(self, first):
        """After the effects that looking after the send of a dead worker has."""
        self.begin(0, first)
        lives.wait_an_hour()
        while lives.live(lives.watch_time, at=1 + self.dead_clocks * self.step):
            self.dead_clocks += 1
        lives.heard()

    def go_on(self):
        """Time passes, a clock looks after everything, workers come, until nothing is left to do."""
        sends = dict(Send.objects.values_list("pk", "edition"))
        for _ in range(PATIENCE):
            lives.wait_an_hour()
            while rung := looked_after():
                for run in [run for run in self.runs if run.deaths[2]]:
                    run.live(2, [bell for bell in rung if sends.get(bell[1][0]) == run.edition])
                lives.live(lives.work, rung)
            if not Send.objects.filter(state="sending").exists():
                return

    def judge(self, arrived):
        for run in self.runs:
            send = Send.objects.get(edition=run.edition)
            now = counting.count(send.pk, self.readers, arrived)
            for promise in self.unkept(send, now):
                self.broken.append(f"{promise}: killed after {', then '.join(run.killed) or 'nothing'}")
            self.sums.update(
                lost=len(self.lost(now)), doubled=now.doubled, unknown=now.unknown, ambiguous=now.ambiguous
            )
        self.sums.update(sends=len(self.runs), killed=sum(len(run.killed) for run in self.runs))

    def unkept(self, send, now):
        """The promises that did not hold."""
        most = now.ambiguous if self.policy == "resend_once" else 0
        holds = {
            "lost a reader": not self.lost(now),
            "doubled more than it says": now.doubled <= most,
            "wrote to someone who left": not any(now.mails[one] for one in self.readers if self.readers[one] == "left"),
            "took a refusal for a yes": not any(
                now.mails[one] for one in self.readers if self.readers[one] in {"refused", "unwanted"}
            ),
            "does not balance": progress.of_send(send.pk).balances and not ledger.strays(send.pk),
            f"ended as {send.state}": send.state == "finished",
        }
        return [promise for promise, kept in holds.items() if not kept]

    def lost(self, now):
        """Who got nothing, for no good reason."""
        return [one for one in now.missing if now.fates[one] not in NOTHING.get(self.readers[one], ())]


def everywhere(names):
    return list(range(1, len(names) + 1))


def at_each_kind(names):
    """Once for each name, not always at the first."""
    places = {}
    for place, name in enumerate(names, 1):
        places.setdefault(name, []).append(place)
    return [found[len(found) // 2] for found in places.values()]


def looked_after():
    """The doorbells that a clock rang."""
    lives.live(lives.watch_time)
    return lives.heard()


def rendered(policy, readers):
    """An edition of a newsletter of its own, by whose address the receiver knows it."""
    slug = secrets.token_hex(8)
    office = Newsletter.objects.create(
        slug=slug, languages=["en", "be"], from_name="Office", from_address=f"{slug}@example.org", ambiguity=policy
    )
    Subscription.objects.bulk_create(
        Subscription(
            subscriber_id=reader,
            newsletter=office,
            language=language,
            handle=secrets.token_bytes(8),
            consented_at=timezone.now(),
        )
        for reader, (_, language) in zip(readers, READERS, strict=True)
    )
    edition = Edition.objects.create(newsletter=office, slot="story:1", state="rendered", due_at=timezone.now())
    for language in office.languages:
        nonce = slots.new_nonce()
        text = f"Hello{slots.token(nonce, 'name')}!\n{slots.token(nonce, 'leave')}\n"
        content = {"subject": "News", "text": text, "html": f"<p>{text}</p>"}
        Variant.objects.create(edition=edition, language=language, nonce=nonce, hash=digest(**content), **content)
    return edition.pk


def people():
    """The readers' names, by number."""
    found = {}
    for name, language in READERS:
        address = f"{name}.{language}@example.org"
        reader = Subscriber.objects.create(address=b"", address_index=vault.blind_index(address))
        reader.address = vault.seal(address, f"subscriber:{reader.pk}:address")
        reader.save()
        found[reader.pk] = name
    return found


def tell(cases):
    words = ("sends", "killed", "lost", "doubled", "unknown", "ambiguous")
    print(f"{'policy':<14}{'journal':<9}" + "".join(f"{word:>11}" for word in words) + f"{'clocks killed':>15}")
    for case in cases:
        sums = "".join(f"{case.sums[word]:>11}" for word in words)
        print(f"{case.policy:<14}{'yes' if case.journal else 'no':<9}{sums}{case.dead_clocks:>15}")
    print()
    killed = Counter(effect for case in cases for run in case.runs for effect in run.killed)
    print("Killed after: " + ", ".join(f"{effect} {times}" for effect, times in killed.most_common()) + ".")
    for case in cases:
        for broken in case.broken:
            print(f"BROKEN under {case.policy}, journal {case.journal}: {broken}")
    said = Counter()
    for case in cases:
        said.update(points=case.sums["killed"] + case.dead_clocks, lost=case.sums["lost"], broken=len(case.broken))
        said[f"doubled_{case.policy}"] += case.sums["doubled"]
    print(json.dumps(said))
    return 1 if said["broken"] else 0


def main():
    parser = argparse.ArgumentParser(prog="points.py", description=__doc__)
    parser.add_argument("--kinds", action="store_true", help="only once after each kind of effect")
    options = parser.parse_args()
    lives.prepare()
    with tempfile.TemporaryDirectory(prefix="dispatch-points-") as name, socket.create_server(("127.0.0.1", 0)) as smtp:
        folder, readers = Path(name), people()
        receiver = [sys.executable, Path(__file__).with_name("moods.py"), str(smtp.fileno()), folder / "arrived"]
        relays.save("moody", f"smtp://127.0.0.1:{smtp.getsockname()[1]}?security=none&connections=1")
        cases = [Case(readers, policy, journal=kept, step=4 if options.kinds else 1) for policy, kept in CASES]
        with subprocess.Popen(receiver, pass_fds=[smtp.fileno()]) as sink:
            try:
                for case in cases:
                    settings.DELIVERY |= SMALL | {"journal": folder / "journal" if case.journal else None}
                    case.enumerate(at_each_kind if options.kinds else everywhere)
                    case.judge(folder / "arrived")
            finally:
                sink.terminate()
    return tell(cases)


if __name__ == "__main__":
    sys.exit(main())
