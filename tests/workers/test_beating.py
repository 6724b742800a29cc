"""A real worker's sign of life while mail is under way: what its processes are at, and over which connections."""

import socket

import newsroom
import pytest
import working

from dispatch import queue
from dispatch.delivery import relays
from dispatch.delivery.models import WorkerBeat
from dispatch.operations import crew

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def mute():
    """A relay that takes connections and never greets."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield one


def test_a_worker_tells_of_the_connections_that_its_processes_have(mute, tmp_path):
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=1)
    relays.save("main", f"smtp://127.0.0.1:{mute.getsockname()[1]}?security=none")
    send = newsroom.send(office, newsroom.story("en"))
    with working.program(tmp_path, "worker", "--queues", "email", "--concurrency", "2"):
        queue.enqueue("email.send_chunk", send.pk, 1)
        working.wait_for(lambda: WorkerBeat.objects.exclude(connections=[]).first())
        (worker,) = crew.workers()
        assert [(one.relay, one.state, one.count) for one in worker.connections] == [("main", "opening", 1)]
        assert worker.now[0].task.startswith("email.send_chunk(")
        assert worker.connections[0].since >= worker.now[0].since
        mute.close()
        working.wait_for(lambda: WorkerBeat.objects.filter(connections=[]).first())
