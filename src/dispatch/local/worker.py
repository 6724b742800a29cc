"""`dispatch worker`: one Celery worker for some queues."""

import argparse
import os
import socket
import warnings

import django

from dispatch import env, logs, tracing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--queues, --concurrency and --nice."""
    from dispatch.queue import QUEUES

    parser.add_argument("--queues", default=",".join(QUEUES), help="which queues, separated by commas")
    parser.add_argument("--concurrency", type=int, default=2, help="processes that work side by side")
    parser.add_argument(
        "--nice", type=int, default=0, help="how far it stands back where others want the processor, 0 to 19"
    )


def run(options: argparse.Namespace) -> int:
    """Work until told to stop; what is under way is finished first.

    SIGTERM is Celery's warm shutdown: no new work, and `queue.is_stopping()` tells a long task to end at its next good
    moment. (Celery's soft one would sleep its whole time-out, however soon the task ended.)
    """
    os.nice(options.nice)
    os.environ["DISPATCH_DATABASE_POOL"] = "0"  # each process works alone, and a pool does not survive a fork
    logs.configure()
    tracing.begin()
    warnings.filterwarnings(
        "ignore", message="You're running the worker with superuser"
    )  # it guards pickle; ours is JSON
    django.setup()
    from dispatch import queue
    from dispatch.workers import beating

    queues = options.queues.split(",")
    if unknown := set(queues) - set(queue.QUEUES):
        raise env.Misconfigured(f"There is no queue {', '.join(sorted(unknown))}; there are {', '.join(queue.QUEUES)}.")
    queue.app.conf.imports = [f"dispatch.workers.{name}" for name in queues]
    if {"articles", "social"} & set(queues):
        _load_networks()
    beating.install(options.queues)
    _look_besides(queues)
    queue.app.worker_main(
        [
            "--quiet",
            "worker",
            f"--queues={options.queues}",
            f"--concurrency={options.concurrency}",
            f"--hostname={'-'.join(queues)}.{os.getpid()}@{socket.gethostname()}",
            "--without-mingle",
            "--without-gossip",
            "--optimization=fair",
            "--loglevel=WARNING",
        ]
    )


def _look_besides(queues: list[str]) -> None:
    """What a worker's main process looks at by itself, while others that should tell it may be gone."""
    from dispatch.workers import standing_by, watching

    if "social" in queues:
        standing_by.install()
    if "upkeep" in queues:
        watching.install()


def _load_networks() -> None:
    """Once, before the fork: else the first article after a start would wait seconds for the networks' libraries."""
    from dispatch.social import networks

    for name in networks.registry:
        networks.get(name)
