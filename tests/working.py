"""A real `dispatch worker` or `dispatch clock` upon the tests' database and broker."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager

from django.conf import settings

from dispatch import env

PATIENT = 400.0


def surroundings(**changes):
    """Environment of a program that works with what tests have."""
    url = f"postgresql://dispatch@/{settings.DATABASES['default']['NAME']}?host={env.run_dir()}"
    return os.environ | {"DISPATCH_DATABASE_URL": url, "DISPATCH_DATABASE_POOL": "0"} | changes


@contextmanager
def program(folder, *words, **changes):
    """`dispatch WORDS` with `changes` to its environment; it is told to end, and killed where it does not."""
    log = folder / f"{words[0]}.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "dispatch.cli", *words], env=surroundings(**changes), stdout=out, stderr=out
        )
    try:
        yield process
    except BaseException:
        sys.stderr.write(log.read_text()[-5000:])
        raise
    finally:
        process.terminate()
        try:
            process.wait(PATIENT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(PATIENT)


def wait_for(what):
    """What it says, once that is something; patient, as the machine may be busy."""
    ends = time.monotonic() + PATIENT
    while not (found := what()):
        assert time.monotonic() < ends, "it did not come to pass"
        time.sleep(0.1)
    return found
