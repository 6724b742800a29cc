"""What is locked for the image, the tests and the documentation is what a release is tried with, and none is missing:
an image without one library has programs that die at their start."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def locked(name):
    """Each library of a lock with its version."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE))


BASE = locked("base")


def test_everything_that_the_project_asks_for_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {re.match(r"[A-Za-z0-9._-]+", one)[0] for one in project["dependencies"]}
    wanted = {re.sub(r"[-_.]+", "-", name).lower() for name in named}
    assert len(wanted) > 40
    assert wanted - {re.sub(r"[-_.]+", "-", name) for name in BASE} == set()


def test_the_image_holds_what_traces_and_amazon_want():
    assert {"boto3", "botocore", "opentelemetry-sdk"} <= locked("image").keys()


@pytest.mark.parametrize("name", ["otel", "ses", "image", "dev", "docs"])
def test_each_lock_holds_what_a_release_does_in_the_same_version(name):
    theirs = locked(name)
    assert {one: theirs.get(one) for one in BASE} == BASE
