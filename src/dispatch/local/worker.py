"""`dispatch worker`: one Celery worker for some queues."""

import argparse
import os
import socket
import warnings

import django

from dispatch import env, logs, tracing
from dispatch.local import supervisor, watchdog

LEAST_MEMORY = 250
"""Megabytes: a process that has just been forked, and has done nothing, stands at about 130."""
MEMORY = {"email": 350, "articles": 700, "editions": 700, "social": 500, "upkeep": 500}
"""Megabytes by queue, above which a process is replaced after its task; of a worker for several queues the most of theirs."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--queues, --concurrency, --memory, --nice and --watched."""
    from dispatch.queue import QUEUES

    parser.add_argument("--queues", default=",".join(QUEUES), help="which queues, separated by commas")
    parser.add_argument("--concurrency", type=int, default=2, help="processes that work side by side")
    parser.add_argument(
        "--memory", type=int, default=0, metavar="MB", help="above which a process is replaced (default: by the queues)"
    )
    parser.add_argument(
        "--nice", type=int, default=0, help="how far it stands back where others want the processor, 0 to 19"
    )
    parser.add_argument("--watched", action="store_true", help="start it anew when it dies, hangs or is deaf")


def run(options: argparse.Namespace) -> int:  # noqa: RET503 - Celery ends the process
    """Work until told to stop; what is under way is finished first, for DISPATCH_DRAIN_SECONDS at most.

    SIGTERM is Celery's warm shutdown: no new work, and `queue.is_stopping()` tells a long task to end at its next good
    moment. (Celery's soft one would sleep its whole time-out, however soon the task ended.)
    """
    logs.configure()
    if options.watched:
        return _watch(options)
    os.nice(options.nice)
    os.environ["DISPATCH_DATABASE_POOL"] = "0"  # each process works alone, and a pool does not survive a fork
    tracing.begin()
    warnings.filterwarnings("ignore", "You're running the worker with superuser")  # it guards pickle; ours is JSON
    django.setup()
    from dispatch import queue
    from dispatch.local import starting

    queues = options.queues.split(",")
    if unknown := set(queues) - set(queue.QUEUES):
        raise env.Misconfigured(f"There is no queue {', '.join(sorted(unknown))}; there are {', '.join(queue.QUEUES)}.")
    starting.require()
    queue.app.conf.imports = [f"dispatch.workers.{name}" for name in queues]
    queue.app.conf.worker_max_memory_per_child = kilobytes(options.memory, queues)
    if {"articles", "social"} & set(queues):
        _load_networks()
    listened = _give_signs(options, queues)
    queue.app.worker_main(
        [
            "--quiet",
            "worker",
            f"--queues={','.join(listened)}",
            f"--concurrency={options.concurrency}",
            f"--hostname={'-'.join(queues)}.{os.getpid()}@{socket.gethostname()}",
            "--without-mingle",
            "--without-gossip",
            "--optimization=fair",
            "--loglevel=WARNING",
        ]
    )


def kilobytes(wanted: int, queues: list[str]) -> int:
    """A process's ceiling, as Celery wants it; `wanted` in megabytes, 0: by the queues. Raises env.Misconfigured."""
    if wanted and wanted < LEAST_MEMORY:
        raise env.Misconfigured(f"--memory {wanted}: each task would end its process. Give {LEAST_MEMORY} or more.")
    return 1000 * (wanted or max(MEMORY[name] for name in queues))


def _give_signs(options: argparse.Namespace, queues: list[str]) -> list[str]:
    """From before the start on. What the worker listens to: its queues, and a list by which it proves that it hears."""
    from dispatch.delivery import berths, isolating
    from dispatch.local import upgrading
    from dispatch.workers import beating, ending, hearing

    ear = hearing.Hearing(options.concurrency)

    def besides() -> None:
        upgrading.look()
        if "email" in queues:
            berths.renew()
            isolating.bereave(ending.deaths.pop() if ending.deaths else "")

    berths.muster()
    beating.install(options.queues, ear, besides=besides)
    _look_besides(queues)
    return [*queues, *ear.queues()]


def _look_besides(queues: list[str]) -> None:
    """What a worker's main process looks at by itself, while others that should tell it may be gone."""
    from dispatch.workers import standing_by, watching

    if "social" in queues:
        standing_by.install()
    if "upkeep" in queues:
        watching.install()


def _watch(options: argparse.Namespace) -> int:
    """Keep such a worker running, for where nobody else does (a container)."""
    command = supervisor.python("worker", "--queues", options.queues, "--concurrency", str(options.concurrency))
    command += ["--memory", str(options.memory), "--nice", str(options.nice)]
    return watchdog.keep(options.queues, command)


def _load_networks() -> None:
    """Once, before the fork: else the first article after a start would wait seconds for the networks' libraries."""
    from dispatch.social import networks

    for name in networks.registry:
        networks.get(name)
