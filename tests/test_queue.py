import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
import redis
from django.db import transaction

from dispatch import brokers, env, queue


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    client = redis.Redis(unix_socket_path=str(env.run_dir() / "valkey.sock"))
    client.flushall()
    yield client
    client.flushall()
    client.close()


def waiting(broker: redis.Redis, name: str) -> int:
    """Doorbells of a queue: what comes first, and what comes later."""
    return broker.llen(f"dispatch:{name}") + broker.llen(later(name))


def later(name: str) -> str:
    return f"dispatch:{brokers.lists(name)[1]}"


@pytest.mark.django_db(transaction=True)
def test_what_task_events_tell_of_a_doorbell_has_none_of_its_ids(broker):
    """Flower shows a message's argsrepr and kwargsrepr, which the worker copies into its events."""
    queue.enqueue("email.send_chunk", 1234567, 7654321)
    queue.flush(60)
    headers = json.loads(broker.lindex(later("email"), 0))["headers"]
    assert (headers["argsrepr"], headers["kwargsrepr"]) == ("(…)", "{}")
    assert "1234567" not in json.dumps(headers)
    assert queue.app.conf.worker_send_task_events is False  # unless DISPATCH_TASK_EVENTS asks for them


@pytest.mark.django_db(transaction=True)
def test_a_letter_that_somebody_waits_for_is_heard_before_all_chunks(broker):
    queue.enqueue("email.send_chunk", 1, 2)
    queue.enqueue("email.send_letter", 7)
    queue.enqueue("email.send_chunk", 1, 3)
    queue.flush(60)
    heard = []
    with queue.app.connection_for_read() as connection, connection.SimpleQueue(queue.app.conf.task_queues[2]) as email:
        for _ in range(3):
            message = email.get(timeout=10)
            heard.append(message.headers["task"])
            message.ack()
    assert heard == ["email.send_letter", "email.send_chunk", "email.send_chunk"]


def test_rabbitmq_is_told_the_same_in_its_own_numbers():
    first, later = (brokers.priority("amqp://127.0.0.1", is_later=is_later) for is_later in (False, True))
    assert first > 4 >= later


@pytest.mark.django_db(transaction=True)
def test_those_that_wait_are_counted_whatever_comes_first(broker):
    queue.enqueue("email.send_chunk", 1, 2)
    queue.enqueue("email.send_letter", 7)
    queue.flush(60)
    assert queue.waiting(10) == {**dict.fromkeys(queue.QUEUES, 0), "email": 2}


@pytest.mark.django_db(transaction=True)
def test_a_doorbell_rings_in_its_own_queue_only(broker):
    queue.enqueue("email.send_chunk", 1, 2)
    queue.flush(60)
    assert {name: waiting(broker, name) for name in queue.QUEUES} == {**dict.fromkeys(queue.QUEUES, 0), "email": 1}


@pytest.mark.django_db(transaction=True)
def test_it_rings_after_the_commit_and_not_at_all_after_a_rollback(broker):
    with transaction.atomic():
        queue.enqueue("social.publish_post", 1)
        queue.flush(60)
        assert waiting(broker, "social") == 0
    queue.flush(60)
    assert waiting(broker, "social") == 1
    with transaction.atomic():
        queue.enqueue("social.publish_post", 2)
        transaction.set_rollback(True)
    queue.flush(60)
    assert waiting(broker, "social") == 1


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_forgot_everything_takes_the_next_doorbell(broker):
    queue.enqueue("articles.plan_article", 1)
    queue.flush(60)
    broker.flushall()
    queue.enqueue("articles.plan_article", 2)
    queue.flush(60)
    assert waiting(broker, "articles") == 1


RINGING = """
import sys, time, django
django.setup()
from dispatch import queue
times = []
for number in range(1000):
    started = time.perf_counter()
    queue.enqueue("upkeep.nothing", number)
    times.append(time.perf_counter() - started)
queue.flush(float(sys.argv[1]))
print(sorted(times)[990], queue.ping(1), flush=True)
sys.stdin.readline()
queue.enqueue("upkeep.nothing", 1000)
queue.flush(300)
"""


def ring_at(url: str, patience: int) -> subprocess.Popen[str]:
    """A process that rings a thousand times at a broker, says its 99th percentile and what a ping said, and rings again.
    `patience`: seconds for the broker to take, or the bell to drop, the thousand."""
    environment = {**os.environ, "DISPATCH_BROKER_URL": url}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, "-c", RINGING, str(patience)], env=environment, text=True, **pipes)


def test_with_the_broker_gone_ringing_takes_no_time_and_comes_back_with_it(broker, tmp_path):
    place = tmp_path / "valkey.sock"
    with ring_at(f"redis+socket://{place}", 300) as ringer:
        seconds, _, trouble = ringer.stdout.readline().partition(" ")
        assert float(seconds) < 0.005
        assert str(place) in trouble
        place.symlink_to(env.run_dir() / "valkey.sock")
        ringer.communicate("go on\n", timeout=300)
    assert waiting(broker, "upkeep") == 1


def test_a_broker_that_swallows_everything_delays_nobody():
    with (
        socket.create_server(("127.0.0.1", 0)) as hole,
        ring_at(f"redis://127.0.0.1:{hole.getsockname()[1]}", 0) as ringer,
    ):
        assert float(ringer.stdout.readline().split()[0]) < 0.005
        ringer.kill()


def test_more_doorbells_than_fit_are_dropped_and_told_once(caplog):
    bell = queue._Bell(size=2)
    bell._start_once = lambda: None
    for number in range(10):
        bell.ring(("email.send_chunk", (number,)))
    assert bell.pending.qsize() == 2
    assert [record.error for record in caplog.records] == ["more doorbells than the broker takes"]


@pytest.mark.django_db(transaction=True)
def test_a_forked_child_rings_with_a_thread_of_its_own(broker):
    queue.enqueue("upkeep.nothing", 1)
    queue.flush(60)
    child = os.fork()
    if child == 0:
        queue._bell.ring(("upkeep.nothing", (2,)))
        queue.flush(5)
        os._exit(0)
    os.waitpid(child, 0)
    assert waiting(broker, "upkeep") == 2


def test_children_learn_that_the_end_is_near():
    begins, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(begins, 1)
        os._exit(7 if queue.is_stopping() else 0)
    try:
        assert not queue.is_stopping()
        queue.begin_stopping()
        os.write(told, b".")
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    finally:
        queue._stopping[0] = 0


@pytest.mark.parametrize("scheme", ["redis://h/0", "rediss://h/0", "redis+socket:///s", "sentinel://h:26379"])
def test_a_redis_of_any_kind_gets_the_options_of_redis(scheme):
    given = brokers.transport(scheme)
    assert given["broker_transport_options"]["visibility_timeout"] == 300
    assert ("master_name" in given["broker_transport_options"]) == scheme.startswith("sentinel")
    assert ("socket_keepalive_options" in given["broker_transport_options"]) == ("+socket" not in scheme)
    assert given["worker_disable_prefetch"]


def test_what_a_black_out_swallowed_is_asked_again_within_ten_seconds():
    options = brokers.transport("redis://h/0")["broker_transport_options"]
    a_brpop, two_looks = 1, 2 * options["health_check_interval"]
    assert a_brpop + two_looks <= 10
    assert options["socket_timeout"] * (1 + options["retry_on_timeout"]) <= 10


def test_a_broker_that_was_away_for_long_is_asked_as_often_as_one_that_just_went(monkeypatch):
    monkeypatch.setattr("kombu.utils.functional.sleep", lambda seconds: None)
    connection = queue.app.connection_for_read("redis://127.0.0.1:1/0").clone()
    waits = []
    with pytest.raises(queue.app.connection_for_read().recoverable_connection_errors):
        connection.ensure_connection(lambda error, wait: waits.append(wait), 20, reraise_as_library_errors=False)
    assert (len(waits), max(waits)) == (20, 2)


def test_rabbitmq_gets_quorum_queues_and_nothing_of_redis():
    given = brokers.transport("amqps://user:password@h/vhost")
    assert given["broker_transport_options"] == {"confirm_publish": True}
    assert given["broker_heartbeat"] <= 10
    assert {one.queue_arguments["x-queue-type"] for one in given["task_queues"]} == {"quorum"}
    assert "worker_disable_prefetch" not in given


def test_a_broker_that_answers_leaves_nothing_to_say(broker):
    assert queue.ping() == ""
