"""`dispatch clock --watched`, as containers run it: a clock that stands still is replaced."""

import os
import signal
import subprocess

import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from dispatch.delivery.models import WorkerBeat

from .conftest import command, is_running, wait_for

PROMISED = 120.0
"""Seconds, as operating.md says of DISPATCH_SILENT_SECONDS as it is; here it is less, for the test to be short."""
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def watched(tmp_path):
    """The real one, upon the tests' own database; no broker is needed to watch time."""
    at = connection.settings_dict
    here = make_conninfo(dbname=at["NAME"], host=at["HOST"], user=at["USER"] or None, port=at["PORT"] or None)
    ours = {
        "DISPATCH_DATABASE_URL": here,
        "DISPATCH_BROKER_URL": "redis://127.0.0.1:1/0",
        "DISPATCH_SILENT_SECONDS": "15",
    }
    with (tmp_path / "said").open("w+") as said:
        process = subprocess.Popen(
            command("clock", "--watched"),
            env={**os.environ, **ours, "DISPATCH_DATA_DIR": str(tmp_path)},
            stdout=said,
            stderr=said,
        )
        yield process, tmp_path / "said"
        process.kill()  # what it keeps is told to end by that
        process.wait(60)


def leading(*, besides=0):
    """The process that leads and is not that one; None while there is none."""
    rows = WorkerBeat.objects.filter(queues="clock", doing="leading").values_list("name", flat=True)
    found = {int(name.rpartition(":")[2]) for name in rows} - {besides}
    return found.pop() if found else None


def test_a_frozen_clock_is_replaced_and_another_leads(watched):
    process, said = watched
    wait_for(leading)
    frozen = leading()
    os.kill(frozen, signal.SIGSTOP)
    wait_for(lambda: leading(besides=frozen), PROMISED)
    assert not is_running(frozen)
    assert "clock is replaced: no sign of life for" in said.read_text()
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert not leading(besides=frozen)
