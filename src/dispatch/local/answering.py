"""Whether a web server of this machine still answers, for where nobody else would replace one that hangs: systemd is told so
by the server itself (sd_notify(3)); in a container, and under `dispatch up`, a parent asks it.

Any answer will do, and what is asked needs neither database nor broker.
"""

import contextlib
import http.client
import os
import signal
import threading
import time

from dispatch import env, signs
from dispatch.local.supervisor import Program, Supervisor, python

ASK_EVERY = 5.0
PATIENCE = 10.0
"""Seconds that one answer may take; a busy server gets further questions for `signs.silence()`."""


def answers(host: str, port: int) -> bool:
    """Whether it answers within PATIENCE. `host` is what it listens on."""
    name = next((one for one in env.words("DISPATCH_HOSTS", "localhost") if one[0] not in ".*"), "localhost")
    line = http.client.HTTPConnection(_reached(host), port, timeout=PATIENCE)
    with contextlib.closing(line):
        try:
            line.request("GET", "/healthz", headers={"Host": name})
            line.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
    return True


def tell_beside(host: str, port: int) -> None:
    """From a thread of the server's own process: tell systemd, if it listens, that it is ready, and then that it is well."""
    if os.environ.get("NOTIFY_SOCKET"):
        threading.Thread(target=_tell, args=(host, port), name="answering", daemon=True).start()


def _tell(host: str, port: int) -> None:
    from dispatch.workers import ending

    while not answers(host, port):
        time.sleep(0.2)
    ending.tell("READY=1")
    while True:
        if answers(host, port):
            ending.tell("WATCHDOG=1")
        time.sleep(ASK_EVERY)


def keep(host: str, port: int) -> int:
    """Run a web server until told to stop (SIGINT, SIGTERM), anew when it dies or answers nothing for
    DISPATCH_SILENT_SECONDS. The exit status."""
    only = Program(name="web", command=python("web", "--host", host, "--port", str(port)), at=(host, port))
    everything = Supervisor([only])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: everything.stopping.set())
    everything.start(1)
    watch_beside(everything)
    everything.watch()
    everything.stop()
    return 0


def watch_beside(everything: Supervisor) -> None:
    """From a thread, until all is stopped: have a supervisor's web servers replaced once none of them answers for
    DISPATCH_SILENT_SECONDS. They share a socket, so one that hangs beside others keeps nobody waiting but whom it took."""
    threading.Thread(target=_watch, args=(everything,), name="answering", daemon=True).start()


def _watch(everything: Supervisor) -> None:
    webs = [one for one in everything.all if one.program.at]
    ((host, port),) = {one.program.at for one in webs if one.program.at}
    answered = 0.0  # the start of the youngest when one answered last
    unanswered: list[float] = []  # when questions were asked, in a row
    while not everything.stopping.wait(ASK_EVERY):
        processes = [one.process.pid if one.process else 0 for one in webs]
        started, asked = max(one.started for one in webs), time.monotonic()
        if answers(host, port):
            answered, unanswered = started, []
            continue
        unanswered = [moment for moment in (*unanswered, asked) if moment >= started]
        patience = signs.silence().total_seconds() if answered == started else signs.STARTS
        if len(unanswered) > 1 and (silent_for := time.monotonic() - unanswered[0]) > patience:
            for one, process in zip(webs, processes, strict=True):
                everything.replace(one, process, f"no answer for {silent_for:.0f} s")


def _reached(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
