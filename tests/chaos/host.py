"""One host's programs, as an operator's supervisor would run them: web, worker and clock. `python host.py 10.213.0.11`."""

import os
import signal
import sys

from dispatch.local import supervisor, watchdog
from dispatch.local.supervisor import Program

QUEUES = "email,editions,upkeep"


def programs(address):
    python = supervisor.python
    return [
        Program(name="web", command=python("web", "--host", address, "--port", "8321")),
        Program(name="worker", command=python("worker", "--queues", QUEUES, "--concurrency", "2"), watched=True),
        Program(name="clock", command=python("clock"), watched=True),
    ]


def main(address):
    limit = float(os.environ["DISPATCH_DRAIN_SECONDS"]) + 5
    everything = supervisor.Supervisor(programs(address), stop_within=limit)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: everything.stopping.set())
    everything.start(1)
    watchdog.Watchdog(everything).watch_beside()
    everything.watch()
    everything.stop()


if __name__ == "__main__":
    main(sys.argv[1])
