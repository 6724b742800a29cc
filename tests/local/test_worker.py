"""Ceilings of memory: each worker's own, which Celery gets, and those of what it is deployed in, which leave room for it."""

import argparse
import configparser
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import working
import yaml

from dispatch import queue
from dispatch.local import worker

HOME = Path(__file__).parents[2]
UNITS = sorted((HOME / "deploy/systemd").glob("dispatch-worker-*.service"))
PODS = [
    one
    for one in yaml.safe_load_all((HOME / "deploy/kustomize/base/workers.yaml").read_text())
    if one["kind"] in {"Deployment", "StatefulSet"}
]
COMPOSED = {
    name: service
    for name, service in yaml.safe_load((HOME / "docker-compose.yml").read_text())["services"].items()
    if service["image"].startswith("${DISPATCH_IMAGE")
}
UNIT = {"m": 2**20, "g": 2**30}
MAIN = worker.LEAST_MEMORY * 1_000_000
"""Bytes that a worker's main process stays below."""


def size(text):
    text = str(text).removesuffix("i").lower()
    return int(text[:-1]) * UNIT[text[-1]]


def unset(text):
    """What Compose makes of it where the environment says nothing."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def needed(words):
    """Bytes of all processes that a `dispatch worker WORDS` forks, each at its ceiling."""
    parser = argparse.ArgumentParser()
    worker.add_arguments(parser)
    options = parser.parse_args(words)
    return options.concurrency * worker.kilobytes(options.memory, options.queues.split(",")) * 1024


def leaves_room(most, words):
    """As docs/operating.md says: the ceilings of all its processes and half as much again."""
    return most >= max(1.5 * needed(words), needed(words) + MAIN)


@pytest.mark.parametrize("path", UNITS, ids=[path.stem for path in UNITS])
def test_a_units_ceiling_is_above_its_processes_own(path):
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read_string(path.read_text())
    service = unit["Service"]
    words = shlex.split(service["ExecStart"])[2:]
    assert leaves_room(size(service["MemoryMax"]), words), needed(words)
    assert size(service["MemoryMax"]) > size(service["MemoryHigh"]) >= needed(words) + MAIN, "none is slowed down below"


@pytest.mark.parametrize("one", PODS, ids=[one["metadata"]["name"] for one in PODS])
def test_a_pods_ceiling_is_above_its_processes_own(one):
    (container,) = one["spec"]["template"]["spec"]["containers"]
    said = [*container.get("command", []), *container.get("args", [])]
    words = said[said.index("worker") + 1 :]
    assert leaves_room(size(container["resources"]["limits"]["memory"]), words), needed(words)


@pytest.mark.parametrize("name", [name for name in COMPOSED if name.startswith("worker-")])
def test_a_composed_services_ceiling_is_above_its_processes_own(name):
    words = [unset(word) for word in COMPOSED[name]["command"][1:]]
    assert leaves_room(size(unset(COMPOSED[name]["mem_limit"])), words), needed(words)


def test_every_composed_service_of_ours_has_a_ceiling():
    assert {name for name, service in COMPOSED.items() if "mem_limit" not in service} == set()


def test_every_queue_is_somebodys_and_has_a_ceiling():
    assert set(worker.MEMORY) == set(queue.QUEUES)
    assert min(worker.MEMORY.values()) >= worker.LEAST_MEMORY
    assert len(UNITS) == len(PODS) == sum(name.startswith("worker-") for name in COMPOSED) == 4


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("words", "kilobytes"),
    [
        (["--queues", "email"], 350_000),
        (["--queues", "articles,upkeep"], 700_000),
        (["--watched", "--queues", "social", "--memory", "300"], 300_000),
    ],
)
def test_celery_gets_the_ceiling(tmp_path, words, kilobytes):
    """A real worker says what it goes by."""
    with working.program(tmp_path, "worker", "--concurrency", "1", *words):
        (said,) = working.wait_for(lambda: list((queue.app.control.inspect(timeout=5).conf() or {}).values()))
    assert said["worker_max_memory_per_child"] == kilobytes


@pytest.mark.django_db
def test_a_ceiling_that_each_task_would_break_is_refused():
    command = [sys.executable, "-m", "dispatch.cli", "worker", "--memory", "200"]
    done = subprocess.run(
        command, env=working.surroundings(), capture_output=True, text=True, timeout=working.PATIENT, check=False
    )
    assert done.returncode == 2
    assert "--memory 200: each task would end its process. Give 250 or more." in done.stderr
