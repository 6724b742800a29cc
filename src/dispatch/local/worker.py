"""`dispatch worker`: one Celery worker for some queues."""

import argparse
import os
import socket
from typing import NoReturn

import django

from dispatch import logs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--queues and --concurrency."""
    from dispatch.queue import QUEUES

    parser.add_argument("--queues", default=",".join(QUEUES), help="which queues, separated by commas")
    parser.add_argument("--concurrency", type=int, default=2, help="processes that work side by side")


def run(options: argparse.Namespace) -> NoReturn:
    """Work until told to stop; what is under way is finished first."""
    os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")
    logs.configure()
    django.setup()
    from dispatch import queue
    from dispatch.workers import beating

    beating.install(options.queues)
    queue.app.worker_main(
        [
            "worker",
            f"--queues={options.queues}",
            f"--concurrency={options.concurrency}",
            f"--hostname={options.queues.replace(',', '-')}.{os.getpid()}@{socket.gethostname()}",
            "--without-mingle",
            "--without-gossip",
            "--optimization=fair",
            "--loglevel=WARNING",
        ]
    )
