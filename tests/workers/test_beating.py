"""A real worker's sign of life while mail is under way: what its processes are at, and over which connections."""

import newsroom
import pytest
import working
from faulty_relay import Fault, Relay

from dispatch import queue
from dispatch.delivery import relays
from dispatch.delivery.models import WorkerBeat
from dispatch.operations import crew

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def slow():
    """A relay that does not answer its first letter's end."""
    one = Relay(Fault("END", "never"))
    yield one
    one.close()


def test_a_worker_tells_of_the_connections_that_its_processes_have(slow, tmp_path):
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=1)
    relays.save("main", f"smtp://127.0.0.1:{slow.port}?security=none")
    send = newsroom.send(office, newsroom.story("en"))
    with working.program(tmp_path, "worker", "--queues", "email", "--concurrency", "2"):
        queue.enqueue("email.send_chunk", send.pk, 1)
        working.wait_for(lambda: WorkerBeat.objects.exclude(connections=[]).first())
        (worker,) = crew.workers()
        assert [(one.relay, one.state, one.count) for one in worker.connections] == [("main", "at work", 1)]
        assert worker.now[0].task.startswith("email.send_chunk(")
        assert worker.connections[0].since >= worker.started_at.replace(microsecond=0)
        slow.close()
        working.wait_for(lambda: WorkerBeat.objects.filter(connections=[]).first())
