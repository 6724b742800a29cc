"""Health, where one relay of two is down, and the disk of backups on another host is nearly full."""

import pytest
from django.utils import timezone

from dispatch.delivery import relays
from dispatch.delivery.models import Relay, WorkerBeat

pytestmark = pytest.mark.browser
GIGABYTE = 2**30


def test_what_wants_a_look_is_not_said_to_be_lost(alice, visitor, page):
    for name in ("main", "spare"):
        relays.save(name, "fake://")
    Relay.objects.filter(name="main").update(breaker="open", failures=5, trouble="connection refused")
    now = timezone.now()
    told = [["data", 40 * GIGABYTE, 80 * GIGABYTE], ["backups", 2 * GIGABYTE, 50 * GIGABYTE]]
    WorkerBeat.objects.create(name="host-b:7", queues="upkeep", started_at=now, beat_at=now, disks=told)
    visitor.look("health-told", "/operations/health/")
    said = page.get_by_role("main").inner_text()
    assert "Others take its mail meanwhile; no reader is given up." in said
    assert "2 GB free, 4%, on host-b." in said
