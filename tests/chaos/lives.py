"""Lives: processes forked from a prepared one, each doing what a worker or a clock does, some of them not to the end."""

import contextlib
import json
import os
import traceback

import effects
from django.db import connection, transaction

CLOCK = ("enlist rendered editions", "ring due chunks", "promote due deferrals", "close sends")
AN_HOUR = (
    "UPDATE delivery_chunk SET lease_until = now() - interval '1 s' WHERE state = 'leased'",
    "UPDATE delivery_chunk SET rung_at = NULL, not_before = NULL WHERE state <> 'done'",
    "UPDATE delivery_exception SET next_attempt_at = now() - interval '1 s' WHERE state = 'deferred'",
    "UPDATE delivery_relay SET probe_at = now() - interval '1 s' WHERE probe_at IS NOT NULL",
)
"""Until leases and waits are over, though not an edition's time to live."""
rung, bell = os.pipe()
"""Doorbells, in place of the broker: what a life has rung is there even if it dies."""


def prepare():
    """Count effects, and hear doorbells, in every life from now on."""
    from dispatch import clock, queue

    clock.load()
    queue.app.loader.import_default_modules()
    queue.app.finalize()
    queue._Bell.ring = lambda _, doorbell, *also, **named: os.write(bell, json.dumps(doorbell).encode() + b"\n")
    os.set_blocking(rung, False)
    effects.watch()


def live(act, *args, at=0):
    """Let a process do it, and die after effect `at`. The name of that effect; nothing: it came to its end."""
    connection.close()
    process = os.fork()
    if not process:
        try:
            effects.begin(at)
            act(*args)
        except BaseException:  # noqa: BLE001 - a forked process goes no further than here
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        return effects.told()[-1]
    assert status == 0, "a life failed: its traceback stands above"
    return ""


def work(doorbells):
    """As a worker does: one doorbell after the other."""
    from dispatch import queue

    for name, ids in doorbells:
        queue.app.tasks[name](*ids)


def watch_time():
    """As the leading clock does, once."""
    from dispatch import clock

    for name in CLOCK:
        with transaction.atomic():
            clock.registry[name].act()


def heard():
    """Those rung since the last look."""
    heard = b""
    with contextlib.suppress(BlockingIOError):
        while part := os.read(rung, 65536):
            heard += part
    return [json.loads(line) for line in heard.splitlines()]


def wait_an_hour():
    with connection.cursor() as cursor:
        for statement in AN_HOUR:
            cursor.execute(statement)
