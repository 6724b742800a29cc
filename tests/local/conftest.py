"""A real `dispatch up` in a directory of its own."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ports
import pytest

STARTS_WITHIN = 240.0  # generous: the machine may be busy


def clean_environment(folder: Path, **changes: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")}
    return {**ours, "DISPATCH_DATA_DIR": str(folder), **changes}


def command(*arguments: str, python: str = sys.executable) -> list[str]:
    return [python, "-m", "dispatch.cli", *arguments]


def wait_for(what: Callable[[], object], seconds: float = STARTS_WITHIN) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def is_running(process: int) -> bool:
    """Whether it still does something; in a container nobody may ever collect one that ended."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


class Up:
    """One `dispatch up`, watched from outside."""

    def __init__(
        self, folder: Path, port: int, *, wrap: tuple[str, ...] = (), python: str = sys.executable, **changes: str
    ) -> None:
        self.folder, self.port = folder, port
        self.log = Path(f"{folder}.log")
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [*wrap, *command("up", "--port", str(port), python=python)],
                env=clean_environment(folder, **changes),
                stdout=out,
                stderr=out,
                cwd="/",
            )

    @property
    def said(self) -> str:
        return self.log.read_text()

    def wait_until_up(self) -> "Up":
        wait_for(lambda: "Dispatch is up" in self.said or self.process.poll() is not None)
        assert "Dispatch is up" in self.said, self.said
        return self

    def answers(self) -> bool:
        found = re.search(r"is up at http://localhost:(\d+)", self.said)
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{found[1] if found else self.port}/operations/live", timeout=30)
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def processes(self, *words: str) -> list[int]:
        """The direct children whose command line holds every word."""
        found = []
        for child in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(child.read_text().rsplit(")", 1)[1].split()[1])
                line = child.with_name("cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (OSError, IndexError):
                continue
            if parent == self.process.pid and all(word in line for word in words):
                found.append(int(child.parent.name))
        return found

    def stop(self, number: signal.Signals = signal.SIGINT) -> float:
        """Seconds it took."""
        started = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(60)
        return time.monotonic() - started


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path that anyone may enter, as a data directory usually is."""
    place = Path(tempfile.mkdtemp(prefix="dispatch-up-"))
    place.chmod(0o755)
    yield place / "data"
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def start() -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    port = ports.free()

    def begin(folder: Path, **changes: Any) -> Up:
        started.append(Up(folder, port, **changes))
        return started[-1]

    yield begin
    for one in started:
        one.stop()
        sys.stdout.write(one.said)  # shown by pytest where the test failed
