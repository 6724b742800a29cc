"""What other commands know of an instance that is up: its keys, and where its pages are."""

import os

import pytest

from dispatch import env
from dispatch.local import instance

HERE, ELSEWHERE = "http://localhost:8322", "https://dispatch.example.org"


@pytest.fixture
def surroundings(tmp_path, monkeypatch):
    """An environment that says nothing but the directory."""
    for name in (instance.ADDRESS, f"{instance.ADDRESS}_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(tmp_path))
    with monkeypatch.context() as within:
        within.setattr(os, "environ", os.environ.copy())
        yield os.environ


def another_command(surroundings):
    """What a `dispatch …` started beside it takes for its address."""
    surroundings.pop(instance.ADDRESS, None)
    surroundings.pop(f"{instance.ADDRESS}_FILE", None)
    instance.adopt()
    return env.text(instance.ADDRESS, "")


def test_a_command_names_the_port_that_up_found_free(surroundings):
    assert another_command(surroundings) == ""
    instance.be_at(HERE)
    assert env.text(instance.ADDRESS) == HERE
    assert another_command(surroundings) == HERE


def test_the_next_start_may_be_elsewhere(surroundings):
    instance.be_at("http://localhost:8321")
    another_command(surroundings)
    instance.be_at(HERE)
    assert env.text(instance.ADDRESS) == HERE
    assert another_command(surroundings) == HERE


def test_what_the_environment_says_stands(surroundings, tmp_path):
    surroundings[instance.ADDRESS] = ELSEWHERE
    instance.be_at(HERE)
    assert env.text(instance.ADDRESS) == ELSEWHERE
    del surroundings[instance.ADDRESS]
    (tmp_path / "theirs").write_text(ELSEWHERE)
    surroundings[f"{instance.ADDRESS}_FILE"] = str(tmp_path / "theirs")
    instance.be_at(HERE)
    assert env.text(instance.ADDRESS) == ELSEWHERE
    assert another_command(surroundings) == ""
