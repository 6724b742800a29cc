"""A check that cannot be made on a machine is not said to have passed there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SKIPPED = 77
FEW = ("sh", "rm", "mkdir", "cp", "dirname")
"""Programs of a machine that has neither apt-get nor anything to fetch with."""


@pytest.fixture
def lacking(tmp_path):
    """A copy of the checks on such a machine: what one of them says, its exit status, and why it was skipped."""
    for name in ("scripts", "deploy", "docs", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "vendor"))
    (tmp_path / ".venv").symlink_to(sys.prefix)
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in FEW:
        (programs / name).symlink_to(shutil.which(name))

    def check(script, *words):
        why = tmp_path / "why"
        done = subprocess.run(
            [tmp_path / ".venv/bin/python", tmp_path / "scripts" / script, *words],
            env={**os.environ, "PATH": str(programs), "SKIPPED_WHY": str(why)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return done, why.read_text() if why.exists() else ""

    return check


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["check-monitoring"], "Debian's Prometheus cannot be had (apt-get download prometheus)\n"),
        (["check-runbooks"], "Debian's Prometheus cannot be had (apt-get download prometheus)\n"),
        (["check-deploy", "cluster"], "cluster: Debian's kubectl cannot be had (apt-get download kubectl)\n"),
    ],
)
def test_a_check_without_its_programs_is_skipped_and_says_why(lacking, words, reason):
    done, why = lacking(*words)
    assert (done.returncode, why) == (SKIPPED, reason), done.stdout + done.stderr


def test_where_one_of_two_proxies_is_missing_so_says_the_whole(lacking):
    done, why = lacking("check-deploy", "proxies")
    assert done.returncode == SKIPPED, done.stdout + done.stderr
    assert "proxies: Debian's nginx cannot be had" in why
    assert "proxies: Debian's caddy cannot be had" in why


def test_the_summary_tells_what_passed_what_failed_and_what_was_skipped_and_why(tmp_path):
    """.ci/run, with other stages in place of its own."""
    whole = (ROOT / ".ci/run").read_text(encoding="utf-8")
    begins, ends = whole.index("\nstage lint"), whole.index('\necho "== summary"')
    stages = """
    stage lint true
    (beside runbooks sh -c 'echo "nothing passed here" > $SKIPPED_WHY; exit 77') &
    stage deploy sh -c 'echo "Caddy cannot be had" > $SKIPPED_WHY; exit 77'
    wait
    shown runbooks
    """
    said, status = run(tmp_path, whole[:begins] + stages + whole[ends:])
    assert "deploy       skipped Caddy cannot be had\n" in said
    assert "runbooks     skipped nothing passed here\n" in said
    assert said.endswith("1 passed, 0 failed, 2 skipped\n")
    assert status == 0
    said, status = run(tmp_path, whole[:begins] + f"{stages}\nstage docs sh -c 'exit 3'\n" + whole[ends:])
    assert "docs         FAILED " in said
    assert said.endswith("1 passed, 1 failed, 2 skipped\n")
    assert status == 1


def run(folder, script):
    (folder / ".ci").mkdir(exist_ok=True)
    (folder / ".ci/run").write_text(script)
    done = subprocess.run(["bash", folder / ".ci/run"], capture_output=True, text=True, timeout=120, check=False)
    return done.stdout, done.returncode
