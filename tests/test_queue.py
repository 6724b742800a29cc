import os
import socket
import time
from collections.abc import Iterator

import pytest
import redis
from django.db import transaction

from dispatch import env, queue

NOWHERE = "redis+socket:///nowhere/valkey.sock"


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    client = redis.Redis(unix_socket_path=str(env.run_dir() / "valkey.sock"))
    client.flushall()
    yield client
    client.flushall()
    client.close()


@pytest.fixture
def elsewhere():
    """Point the doorbell at another broker for one test."""

    def point(url: str) -> None:
        queue.app.pool.force_close_all()
        queue.app.conf.broker_url = queue.app.conf.broker_write_url = url
        forget()

    def forget() -> None:
        queue.app._pool = None
        queue.app.amqp._producer_pool = None
        queue._bell.forget()

    yield point
    queue.app.conf.broker_url = queue.app.conf.broker_write_url = env.broker_url()
    forget()


def waiting(broker: redis.Redis, name: str) -> int:
    return broker.llen(f"dispatch:{name}")


@pytest.mark.django_db(transaction=True)
def test_a_doorbell_rings_in_its_own_queue_only(broker):
    queue.enqueue("email.send_chunk", 1, 2)
    queue.flush()
    assert {name: waiting(broker, name) for name in queue.QUEUES} == {**dict.fromkeys(queue.QUEUES, 0), "email": 1}


@pytest.mark.django_db(transaction=True)
def test_it_rings_after_the_commit_and_not_at_all_after_a_rollback(broker):
    with transaction.atomic():
        queue.enqueue("social.publish_post", 1)
        queue.flush()
        assert waiting(broker, "social") == 0
    queue.flush()
    assert waiting(broker, "social") == 1
    with transaction.atomic():
        queue.enqueue("social.publish_post", 2)
        transaction.set_rollback(True)
    queue.flush()
    assert waiting(broker, "social") == 1


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_forgot_everything_takes_the_next_doorbell(broker):
    queue.enqueue("articles.plan_article", 1)
    queue.flush()
    broker.flushall()
    queue.enqueue("articles.plan_article", 2)
    queue.flush()
    assert waiting(broker, "articles") == 1


@pytest.mark.django_db(transaction=True)
def test_with_the_broker_gone_ringing_takes_no_time_and_comes_back_with_it(broker, elsewhere):
    elsewhere(NOWHERE)
    assert slowest_of_a_thousand() < 0.005
    elsewhere(env.broker_url())
    queue.enqueue("upkeep.nothing", 1)
    queue.flush()
    assert waiting(broker, "upkeep") == 1


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_swallows_everything_delays_nobody(elsewhere):
    with socket.create_server(("127.0.0.1", 0)) as hole:
        elsewhere(f"redis://127.0.0.1:{hole.getsockname()[1]}/0")
        assert slowest_of_a_thousand() < 0.005


def slowest_of_a_thousand() -> float:
    """The 99th percentile of what ringing takes, so that the machine's own pauses do not count."""
    times = []
    for number in range(1000):
        started = time.perf_counter()
        queue.enqueue("email.send_chunk", number, 1)
        times.append(time.perf_counter() - started)
    return sorted(times)[990]


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
    queue.flush()
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
    given = queue.transport(scheme)
    assert given["broker_transport_options"]["visibility_timeout"] == 300
    assert ("master_name" in given["broker_transport_options"]) == scheme.startswith("sentinel")
    assert given["worker_disable_prefetch"]


def test_rabbitmq_gets_quorum_queues_and_nothing_of_redis():
    given = queue.transport("amqps://user:password@h/vhost")
    assert given["broker_transport_options"] == {"confirm_publish": True}
    assert {one.queue_arguments["x-queue-type"] for one in given["task_queues"]} == {"quorum"}
    assert "worker_disable_prefetch" not in given


def test_a_broker_that_is_away_is_told_in_its_words(elsewhere):
    assert queue.ping() == ""
    elsewhere(NOWHERE)
    assert "/nowhere/valkey.sock" in queue.ping()
