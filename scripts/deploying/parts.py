"""What the checks of deploy/ share: where things are, failures and misses, programs that end with their check."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
THERE = ROOT / ".cache/deploy"
PATIENCE = 300.0


class Failed(Exception):
    """A check did not hold; the text says what was seen."""


class Missing(Exception):
    """What the check needs cannot be had here; the text says what."""


def program(package, *inside):
    """The first that was unpacked from `package`, or this machine's own of the last one's name. Raises Missing."""
    for path in inside:
        if (THERE / package / path).exists():
            return THERE / package / path
    if found := shutil.which(Path(inside[-1]).name):
        return Path(found)
    raise Missing(f"Debian's {package} cannot be had (apt-get download {package})")


def libraries(package):
    """An environment in which programs of an unpacked package find what came with it."""
    folders = [str(path) for path in (THERE / package).glob("**/lib/**/*-linux-gnu*")]
    folders += [f"{folder}/systemd" for folder in folders]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(folders)} if folders else dict(os.environ)


def asked(command, **options):
    """What the command said, all of it, and its exit status."""
    text = [str(part) for part in command]
    done = subprocess.run(text, capture_output=True, text=True, check=False, **options)
    return done.stdout + done.stderr, done.returncode


@contextlib.contextmanager
def running(command, log, **options):
    """The program while the block lasts; then it and its children are ended."""
    with log.open("a") as out:
        text = [str(part) for part in command]
        process = subprocess.Popen(text, stdout=out, stderr=out, start_new_session=True, **options)
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait(is_so, what, log):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if is_so():
            return
        time.sleep(0.2)
    raise Failed(f"{what}: {log.read_text()[-2000:]}")


def listens(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def free_ports(count):
    with contextlib.ExitStack() as open_ones:
        ones = [open_ones.enter_context(socket.socket()) for _ in range(count)]
        for one in ones:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in ones]
