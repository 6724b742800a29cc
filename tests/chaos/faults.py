"""What can go wrong, each done for real."""

import random
import signal
import threading
import time
from collections import Counter

from world import TIMES, tell

LEASE = float(TIMES["DISPATCH_LEASE_SECONDS"])


class Faults:
    """Each once, then by chance, in the order of a seed, until told to stop; `done` counts them by kind."""

    def __init__(self, world, seed, send, *, blackout):
        self.world, self.send, self.blackout = world, send, blackout
        self.random = random.Random(seed)
        self.done = Counter()
        self.over = threading.Event()
        self.black_until = 0.0
        self.thread = threading.Thread(target=self.go_on, daemon=True)

    def go_on(self):
        from django.db import connection

        acts = {
            self.kill_worker: 6,
            self.kill_child: 6,
            self.drop_connection: 6,
            self.die_after_an_effect: 3,
            self.kill_clock: 3,
            self.freeze: 2,
            self.double_doorbells: 2,
            self.pause: 2,
            self.restart_database: 2,
            self.kill_broker: 2,
            self.flush_broker: 2,
            self.black_out: 1,
        }
        each_once = self.random.sample(list(acts), len(acts))
        while not self.over.wait(self.random.uniform(0.2, 1.2)):
            act = each_once.pop() if each_once else self.random.choices(list(acts), list(acts.values()))[0]
            try:
                act()
            except Exception as error:  # noqa: BLE001 - the database or the broker may be down at this very moment
                self.done[f"not done ({type(error).__name__})"] += 1
                each_once.insert(0, act)
                connection.close()  # the one that it had may be dead
                continue
            self.done[act.__name__.replace("_", " ")] += 1

    def kill_worker(self):
        self.world.kill(self.a("worker1", "worker2"))

    def kill_child(self):
        children = self.world.processes(self.a("worker1", "worker2"))[1:]
        if children:
            tell(self.random.choice(children), signal.SIGKILL)

    def die_after_an_effect(self):
        """A worker's processes, for some seconds, again and again, at a place that no clock would find."""
        self.world.die_after(self.random.randint(20, 600))
        self.over.wait(3)
        self.world.die_after(0)

    def kill_clock(self):
        self.world.kill(self.a("clock1", "clock2"))

    def freeze(self):
        """One worker's processes stand still until their lease is long over, and then wake up."""
        frozen = self.world.processes(self.a("worker1", "worker2"))
        for process in frozen:
            tell(process, signal.SIGSTOP)
        timer = threading.Timer(LEASE + 3, lambda: [tell(process, signal.SIGCONT) for process in frozen])
        timer.daemon = True
        timer.start()

    def restart_database(self):
        self.world.kill("database", signal.SIGQUIT)

    def kill_broker(self):
        self.world.kill("broker")

    def flush_broker(self):
        import redis

        redis.Redis(unix_socket_path=str(self.world.run / "valkey.sock")).flushall()

    def black_out(self):
        self.black_until = time.monotonic() + self.blackout
        self.world.proxy.black.set()
        timer = threading.Timer(self.blackout, self.lighten)
        timer.daemon = True
        timer.start()

    def lighten(self):
        """Unless another black-out has begun meanwhile."""
        if time.monotonic() >= self.black_until:
            self.world.proxy.black.clear()

    def double_doorbells(self):
        from dispatch import queue
        from dispatch.delivery.models import Chunk

        open_ones = Chunk.objects.filter(send=self.send).exclude(state="done").values_list("number", flat=True)
        for number in list(open_ones)[:40]:
            for _ in range(20):
                queue.enqueue("email.send_chunk", self.send, number)

    def drop_connection(self):
        self.world.kill("sink", signal.SIGUSR1)

    def pause(self):
        from dispatch.delivery import acts

        acts.pause(self.send, None, "chaos")
        time.sleep(self.random.uniform(0.1, 1.0))
        while not self.resumed():
            time.sleep(0.2)

    def resumed(self):
        """However long the database is away: nobody else would resume it."""
        from dispatch.delivery import acts

        try:
            acts.resume(self.send, None, "chaos")
        except Exception:  # noqa: BLE001 - the database may be down
            return False
        return True

    def a(self, *names):
        return self.random.choice(names)

    def stop(self):
        """No more of them; a black-out comes to its end by itself."""
        self.over.set()
        self.thread.join()
        time.sleep(max(0.0, self.black_until - time.monotonic()))
        self.world.proxy.black.clear()
