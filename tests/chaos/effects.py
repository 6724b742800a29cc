"""Every effect that sending mail has on the world, counted in order, and death right after the n-th.

`DISPATCH_CRASH_AT=57 python tests/chaos/effects.py worker --queues email` is a real worker whose processes kill themselves,
each after its 57th effect. Dispatch itself knows nothing of this: the effects are caught where it touches the world (a
statement, a commit, bytes to or from a relay, a journal's mark, a doorbell), so they cost nothing where nobody counts.
"""

import functools
import mmap
import os
import signal
import sys

BOOK = mmap.mmap(-1, 1 << 16)
"""What a process that may die at any moment has told the one that forked it: its first effects' names, a line each."""
MARKS = ("untouched", "left", "accepted", "answered")
at = seen = 0
"""The effect to die after (0: none), and how many there were."""


def happened(name):
    global seen  # noqa: PLW0603 - one process, one fate
    seen += 1
    if BOOK.tell() + len(name) < len(BOOK):  # a long life is not told to its end
        BOOK.write(f"{name}\n".encode())
    if seen == at:
        os.kill(os.getpid(), signal.SIGKILL)


def told():
    """Since `begin`, in order, by whichever process."""
    return BOOK[:].rstrip(b"\0").decode().splitlines()


def begin(number):
    """Count from here, and die after effect `number`."""
    global at, seen
    at, seen = number, 0
    BOOK[:] = bytes(len(BOOK))
    BOOK.seek(0)


def watch():
    """Catch every effect from now on. Needs Django's settings."""
    import psycopg

    from dispatch import queue
    from dispatch.delivery import journal
    from dispatch.delivery.mailers.dialogue import Dialogue
    from dispatch.delivery.mailers.line import Line

    _after(psycopg.Cursor, "execute", lambda _, statement, *__, **___: named(statement))
    _after(psycopg.Connection, "commit", lambda _: "committed")
    _after(journal.Journal, "_open", lambda kept, *_: _if(kept, "a journal begun"))
    _after(journal.Journal, "mark", lambda kept, _, what: _if(kept, f"marked {MARKS[what]}"))
    _after(journal.Journal, "__exit__", lambda kept, *_: _if(kept, "a journal removed"))
    _after(journal, "_marks", lambda *_: "a dead worker's journal read")
    _after(queue._Bell, "ring", lambda _, doorbell, *also, **named: f"rung for {doorbell[0]}")
    Line._send = _by_halves(Line._send)
    Dialogue.hear = _told(Dialogue.hear)


def _if(kept, name):
    return name if kept.marks is not None else ""


def _after(owner, method, word):
    """`word` says of a call's arguments what has happened once it is over, or nothing."""
    act = getattr(owner, method)

    @functools.wraps(act)
    def watched(*args, **kwargs):
        result = act(*args, **kwargs)
        if name := word(*args, **kwargs):
            happened(name)
        return result

    setattr(owner, method, watched)


def _by_halves(send):
    """Half of what is written may have left when a worker dies."""

    def watched(line, pieces):
        if seen + 1 == at:
            whole = b"".join(pieces)
            line.sock.sendall(whole[: len(whole) // 2])
        happened("half written")
        size = send(line, pieces)
        happened("written")
        return size

    return watched


def _told(hear):
    def watched(*args):
        happened("a reply arrived")
        hear(*args)

    return watched


def named(statement):
    """By its file in sql/, or by how it begins; a mere question has no effect."""
    lines = str(statement).splitlines()
    first = next(line for line in lines if not line.startswith("--"))
    if first.startswith("SELECT"):
        return ""
    return _files().get(lines[0]) or " ".join(first.replace('"', "").split()[:3])


@functools.cache
def _files():
    """The names of files by their first lines."""
    from dispatch.delivery import statements

    return {file.read_text().splitlines()[0]: file.name for file in statements.SQL.glob("*.sql")}


def die_at(number):
    """Each process forked from here counts for itself, and dies after effect `number`."""

    def born():
        global BOOK  # noqa: PLW0603 - the parent's is shared with every other child
        BOOK = mmap.mmap(-1, 1 << 16)
        begin(number)
        watch()

    os.register_at_fork(after_in_child=born)


if __name__ == "__main__":
    from dispatch import cli

    if crash_at := os.environ.get("DISPATCH_CRASH_AT"):
        die_at(int(crash_at))
    sys.exit(cli.main())
