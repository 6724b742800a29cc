"""A worker killed after any effect on the world loses nobody: some of them; `make chaos ARGS=--points` goes through all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from dispatch import env

POINTS = Path(__file__).parents[1] / "chaos" / "points.py"


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_wherever_a_worker_or_a_clock_is_killed_each_reader_has_a_fate_and_the_policy_holds():
    database = f"postgresql://dispatch@/{settings.DATABASES['default']['NAME']}?host={env.run_dir()}"
    done = subprocess.run(
        [sys.executable, POINTS, "--kinds"],
        env={"DISPATCH_DATABASE_URL": database} | os.environ,
        capture_output=True,
        check=False,
        text=True,
        timeout=540,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["points"] >= 40
    assert (said["lost"], said["doubled_never_twice"], said["broken"]) == (0, 0, 0)
