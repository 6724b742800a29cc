"""Whole demos in processes of their own: nothing of the tests' world is in them but the interpreter."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import ports
import pytest

LIMIT = 580.0


class Ran:
    """A program that ended with one line of JSON."""

    def __init__(self, *arguments: str, **changes: str) -> None:
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("DISPATCH_", "DJANGO_"))}
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, env={**ours, **changes}, cwd="/", capture_output=True, text=True, timeout=LIMIT, check=False
        )
        self.code, self.said, self.complained = done.returncode, done.stdout, done.stderr

    @property
    def told(self) -> dict[str, Any]:
        """The last line."""
        lines = self.said.strip().splitlines()
        assert lines, self.complained
        assert lines[-1].startswith("{"), f"{self.said}\n{self.complained}"
        found: dict[str, Any] = json.loads(lines[-1])
        return found


@pytest.fixture
def demo():
    """Runs `dispatch demo --once`."""

    def run(*arguments: str) -> Ran:
        return Ran("-m", "dispatch.cli", "demo", "--once", "--port", str(ports.free()), *arguments)

    return run


@pytest.fixture
def killing():
    """Runs a demo while its programs are killed; see killing.py."""

    def run(*names: str, **changes: str) -> Ran:
        return Ran(str(Path(__file__).with_name("killing.py")), str(ports.free()), *names, **changes)

    return run


@pytest.fixture
def stopping():
    """A demo in which STOP is pulled; see stopping.py."""
    return Ran(str(Path(__file__).with_name("stopping.py")), str(ports.free()))
