"""Disks of all hosts, on Health and for Prometheus: each kind by its fullest."""

from datetime import timedelta

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from dispatch.delivery.models import WorkerBeat
from dispatch.disks import Disk, own
from dispatch.operations import disks, figures
from dispatch.workers import beating

pytestmark = pytest.mark.django_db
TEN = 10 * 2**30


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """This host's data has half a disk free."""
    monkeypatch.setattr(own, "seen", lambda: (Disk("data", TEN, 2 * TEN),))


def worker(name, told, ago=timedelta()):
    moment = timezone.now() - ago
    WorkerBeat.objects.create(name=name, queues="upkeep", started_at=moment, beat_at=moment, disks=told)


def test_of_each_kind_the_fullest_is_told_with_its_host():
    worker("host-b:7", [["data", TEN // 20, TEN], ["backups", TEN // 50, TEN]])
    worker("host-c:7", [["data", TEN, TEN]])
    found = [(check.part, check.state, check.words, check.remedy) for check in disks.checks()]
    assert found == [
        ("Disk of Dispatch's data", "todo", "512 MB free, 5%, on host-b.", "Make room."),
        ("Disk of backups", "bad", "205 MB free, 2%, on host-b.", "Make room."),
    ]


def test_who_fell_silent_and_what_is_not_known_here_tells_nothing():
    worker("host-b:7", [["data", 1, TEN]], ago=timedelta(minutes=2))
    worker("host-c:7", [["tapes", 1, TEN]])
    worker("host-d:7", [])
    assert [check.state for check in disks.checks()] == ["ok"]


def test_a_worker_tells_its_own_with_each_sign_of_life():
    beating.Beat("upkeep").write()
    assert WorkerBeat.objects.get().disks == [["data", TEN, 2 * TEN]]


def test_prometheus_is_told_the_share_of_each(monkeypatch):
    monkeypatch.setattr(figures, "_last", (-figures.KEPT, b""))
    worker("host-b:7", [["backups", TEN // 50, TEN]])
    families = text_string_to_metric_families(figures.exposition().decode())
    (family,) = [one for one in families if one.name == "dispatch_disk_free_ratio"]
    assert {sample.labels["what"]: round(sample.value, 2) for sample in family.samples} == {
        "data": 0.5,
        "backups": 0.02,
    }
