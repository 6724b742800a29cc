"""Loaded by each Python whose PYTHONPATH names this folder: what is to go wrong inside an unaltered `dispatch worker`.

HOOK_HANG=file: the first worker's main loop hangs, and its threads go on. HOOK_POISON=7: the letter to reader 7 is a real
segmentation fault. HOOK_LEAK=30: each chunk leaks so many megabytes, and who sent it is written to HOOK_LEAK_LOG.
HOOK_GROW=file: the first process to get there grows in the middle of a chunk, until it is ended. HOOK_STALL=file: the first
to get there waits for ever, after some letters of a chunk or at the begin of a look at readers' keys.
"""

import os
import sys
import time
from pathlib import Path

HOOKS = {name: os.environ.get(f"HOOK_{name}", "") for name in ("HANG", "POISON", "LEAK", "LEAK_LOG", "GROW", "STALL")}


def is_first(path):
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def hang(sender, **_):
    from dispatch.workers import hearing

    if is_first(HOOKS["HANG"]):  # one that never heard would be starting, and has longer
        sender.timer.call_repeatedly(3, lambda: time.sleep(9999 if any(hearing._heard[:]) else 0))


def poison(**_):
    import ctypes

    from dispatch.delivery import sending

    made = sending._letter_or_why

    def letter(errand, number, sealed):
        if number == int(HOOKS["POISON"]):
            ctypes.string_at(0)
        return made(errand, number, sealed)

    sending._letter_or_why = letter


def leak(**_):
    from dispatch.delivery import sending

    sent, kept = sending._send_claimed, []

    def send(claimed):
        kept.append(b"x" * int(float(HOOKS["LEAK"]) * 1_000_000))
        with Path(HOOKS["LEAK_LOG"]).open("a", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
        return sent(claimed)

    sending._send_claimed = send


def grow(**_):
    from dispatch.delivery import sending

    made, letters, kept = sending._letter_or_why, iter(range(10**9)), []

    def letter(errand, number, sealed):
        if next(letters) == 30 and is_first(HOOKS["GROW"]):
            while True:
                kept.append(b"x" * 10_000_000)
        return made(errand, number, sealed)

    sending._letter_or_why = letter


def stall(**_):
    from dispatch.audience import keys
    from dispatch.delivery import sending

    made, letters, looked = sending._letter_or_why, iter(range(10**9)), keys.tell_owners

    def wait_for_ever():
        if is_first(HOOKS["STALL"]):
            time.sleep(9999)

    def letter(errand, number, sealed):
        if next(letters) == 5:
            wait_for_ever()
        return made(errand, number, sealed)

    def look():
        wait_for_ever()
        looked()

    sending._letter_or_why, keys.tell_owners = letter, look


if any(HOOKS.values()) and "worker" in sys.argv + sys.orig_argv:
    from celery import signals

    if HOOKS["HANG"]:
        signals.worker_ready.connect(hang, weak=False)
    if HOOKS["POISON"]:
        signals.worker_process_init.connect(poison, weak=False)
    if HOOKS["LEAK"]:
        signals.worker_process_init.connect(leak, weak=False)
    if HOOKS["GROW"]:
        signals.worker_process_init.connect(grow, weak=False)
    if HOOKS["STALL"]:
        signals.worker_process_init.connect(stall, weak=False)
