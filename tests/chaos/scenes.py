"""One trouble of workers at a time, each real: `python tests/chaos/scenes.py` and a name of CAST. Ends with one line of
JSON of what came of it.
"""

import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import run
from world import DISPATCH, HERE, World, tell, until

PATIENCE = 240


class Scene:
    """A world with mail under way, and one worker that is watched beside one that is not touched."""

    def __init__(
        self, folder, *, readers=3000, pace=150.0, policy="never_twice", hooks=(), workers=2, watched=True, drain=6
    ):
        os.environ |= {"DISPATCH_SILENT_SECONDS": "15", "DISPATCH_DRAIN_SECONDS": str(drain)}
        self.world = World(folder)
        self.world.start_database()
        self.people, self.policy, self.pace, self.count = None, policy, pace, readers
        self.hooks, self.workers, self.watched = dict(hooks), workers, watched

    def begin(self):
        from dispatch.delivery import ledger
        from dispatch.delivery.models import Relay
        from dispatch.local import valkey

        world = self.world
        world.add("broker", valkey.command(world.folder / "valkey", world.run))
        world.add("sink", [sys.executable, HERE / "sink.py", str(world.smtp.fileno()), world.arrived])
        until((world.run / "valkey.sock").exists, 30)
        Relay.objects.update(per_second=self.pace)
        world.add("clock", [*DISPATCH, "clock"])
        for number in range(1, self.workers + 1):
            os.environ.update(self.hooks if number == 1 else dict.fromkeys(self.hooks, ""))
            kind = ["--watched"] if self.watched else []
            world.add(f"worker{number}", [*DISPATCH, "worker", "--queues", "email", "--concurrency", "2", *kind])
        self.send = ledger.enlist(run.rendered("scene", self.policy)).pk

    def main(self, which="worker1"):
        """The process that Celery runs in, or nothing while it starts."""
        pids = self.children(self.world.programs[which].pid) if self.watched else [self.world.programs[which].pid]
        return pids[0] if pids else 0

    def children(self, parent):
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == parent:
                    found.append(int(stat.parent.name))
            except (OSError, IndexError):
                continue
        return sorted(found)

    def row(self, process):
        from dispatch.delivery.models import WorkerBeat

        return run.asked(lambda: WorkerBeat.objects.filter(name__endswith=f":{process}").first())

    def sent(self):
        return len(self.world.arrived.read_text().split()) if self.world.arrived.exists() else 0

    def under_way(self, letters=100):
        assert until(lambda: self.main() and self.row(self.main()) and self.sent() > letters, PATIENCE), (
            "no mail leaves"
        )

    def replaced(self, old):
        """Seconds until another process stands in the old one's place and hears."""
        began = time.monotonic()
        assert until(lambda: self.main() not in {0, old} and self.row(self.main()), PATIENCE), "it is not replaced"
        return round(time.monotonic() - began, 1)

    def hurry(self):
        from dispatch.delivery.models import Relay

        Relay.objects.update(per_second=None)

    def ended(self):
        self.hurry()
        until(lambda: run.state(self.send) in {"finished", "unbalanced"}, PATIENCE)
        return self.told()

    def told(self):
        import counting

        now = counting.count(self.send, self.people, self.world.arrived)
        told = {"lost": len(now.missing), "doubled": now.doubled, "unknown": now.unknown, "ambiguous": now.ambiguous}
        return {**told, "state": run.state(self.send), "arrived": self.sent()}


def frozen(scene):
    """All of a worker stands still in the middle of a send, for good."""
    scene.under_way()
    old = scene.main()
    for process in [*scene.children(old), old]:
        tell(process, signal.SIGSTOP)
    return {"replaced_s": scene.replaced(old), **scene.ended()}


def deaf(scene):
    """A worker lives and listens to nothing."""
    from dispatch import queue

    scene.under_way()
    old = scene.main()
    host = f"email.{old}@{os.uname().nodename}"
    heard = queue.app.control.inspect([host], timeout=10).active_queues()[host]
    for one in heard:
        queue.app.control.cancel_consumer(one["name"], destination=[host], reply=True, timeout=10)
    return {"replaced_s": scene.replaced(old), "listened_to": len(heard), **scene.ended()}


def hung(scene):
    """A worker's main loop hangs while its threads go on."""
    assert until(lambda: scene.main() and scene.row(scene.main()), PATIENCE)
    assert until(Path(os.environ["HOOK_FILE"]).exists, PATIENCE)
    return {"replaced_s": scene.replaced(scene.main()), **scene.ended()}


def drained(scene):
    """A worker is told to end in the middle of a send."""
    scene.under_way()
    return {**stopped(scene), **scene.ended()}


def undrained(scene):
    """The same while the relay answers nobody."""
    scene.under_way()
    relay = scene.world.programs["sink"].pid
    tell(relay, signal.SIGSTOP)
    time.sleep(3)
    told = stopped(scene)
    tell(relay, signal.SIGCONT)
    return {**told, **scene.ended()}


def stopped(scene):
    process, began = scene.world.programs["worker1"], time.monotonic()
    process.send_signal(signal.SIGTERM)
    code = process.wait(PATIENCE)
    return {"stopped_s": round(time.monotonic() - began, 1), "code": code}


def poisoned(scene):
    """A letter kills whoever makes it."""
    from dispatch.delivery.models import Chunk

    stuck = Chunk.objects.filter(send=scene.send, state="stuck")
    others = len(scene.people) - 1
    until(lambda: run.asked(stuck.exists) and scene.sent() >= others, PATIENCE)
    set_aside = [(chunk.recipients, chunk.trouble) for chunk in stuck]
    return {"set_aside": set_aside, **scene.told()}


def leaking(scene):
    """A worker's processes grow with each chunk."""
    told = scene.ended()
    by = Path(os.environ["HOOK_LOG"]).read_text().split()
    return {**told, "chunks": len(by), "processes": len(set(by))}


CAST = {
    "frozen": {},
    "deaf": {},
    "hung": {"hooks": {"HOOK_HANG": "{folder}/hung"}},
    "drained": {"watched": False, "drain": 60},
    "undrained": {"watched": False, "policy": "resend_once"},
    "poisoned": {"readers": 400, "pace": None, "workers": 1, "hooks": {"HOOK_POISON": "{reader}"}},
    "leaking": {"pace": None, "workers": 1, "hooks": {"HOOK_LEAK": "100", "HOOK_LEAK_LOG": "{folder}/leaked"}},
}


def play(name, folder):
    os.environ |= {"PYTHONPATH": str(HERE / "hooks"), "HOOK_FILE": f"{folder}/hung", "HOOK_LOG": f"{folder}/leaked"}
    scene = Scene(folder, **CAST[name])
    try:
        scene.people = run.prepare(scene.world, scene.count)
        poison = scene.people[len(scene.people) // 2]
        scene.hooks = {key: value.format(folder=folder, reader=poison) for key, value in scene.hooks.items()}
        scene.begin()
        return {**globals()[name](scene), "poison": poison}
    except BaseException:
        sys.stderr.write((folder / "log").read_text(errors="replace")[-5000:])
        raise
    finally:
        scene.world.stop()


def main(name):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing is left running
    with tempfile.TemporaryDirectory(prefix="dispatch-scene-") as folder:
        print(json.dumps(play(name, Path(folder))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
