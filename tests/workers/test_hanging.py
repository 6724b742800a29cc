"""Tasks that get on with nothing are ended as by a kill, and those that do get on never are: judged alone, and in workers."""

import multiprocessing
import signal
import time
from pathlib import Path

import counting_sink
import newsroom
import pytest
import working

from dispatch import env, hands, queue
from dispatch.delivery import relays
from dispatch.delivery.models import Chunk, HungTask, WorkerBeat
from dispatch.workers import hanging

HOOKS = Path(__file__).parents[1] / "chaos" / "hooks"


def at_work(line, task):
    hanging.can_be_asked()
    hands.take(task)
    line.send("begun")
    while line.recv() == "advance":
        hands.advance()
        line.send("advanced")


class Child:
    """A forked process that is at a task."""

    def __init__(self, task):
        fork = multiprocessing.get_context("fork")
        self.line, theirs = fork.Pipe()
        self.process = fork.Process(target=at_work, args=(theirs, task))
        self.process.start()
        assert self.line.poll(120)
        self.line.recv()

    def advance(self):
        self.line.send("advance")
        assert self.line.poll(120)
        self.line.recv()


@pytest.fixture
def child():
    one = Child("upkeep.ask_mailbox(3)")
    yield one
    one.process.kill()
    one.process.join(120)


@pytest.fixture
def watch(monkeypatch):
    """One for which everything hangs after a second, and whose looks may lie as far apart as a busy machine wants."""
    monkeypatch.setenv(hanging.SETTING, "upkeep=1")
    monkeypatch.setattr(hanging, "LAPSE", 3600.0)
    one = hanging.Watch()
    one.excused_at = float("-inf")
    return one


@pytest.mark.django_db
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
class TestJudging:
    def test_who_gets_on_with_nothing_is_asked_where_it_stands_then_ended_and_counted(self, child, watch):
        time.sleep(1.1)
        watch.look()
        assert child.process.is_alive()
        watch.look()
        child.process.join(120)
        assert child.process.exitcode == -signal.SIGKILL
        hung = HungTask.objects.get()
        assert (hung.kind, hung.last, hung.count) == ("upkeep.ask_mailbox", "upkeep.ask_mailbox(3)", 1)
        assert hung.last_seconds >= 1
        watch.look()
        assert HungTask.objects.get().count == 1, "whoever is gone is not ended again"

    def test_who_got_on_between_two_looks_is_left_alone(self, child, watch):
        time.sleep(1.1)
        watch.look()
        child.advance()
        time.sleep(1.1)
        watch.look()
        child.advance()
        watch.look()
        assert child.process.is_alive()
        assert not HungTask.objects.exists()

    def test_nobody_is_ended_while_the_database_does_not_answer_or_the_worker_stood_still(
        self, child, watch, monkeypatch
    ):
        monkeypatch.setitem(watch.bounds, "upkeep", 60.0)
        monkeypatch.setattr(hanging.time, "monotonic", lambda now=time.monotonic: now() + 100)
        watch.excuse()
        for _ in range(3):
            watch.look()
        assert child.process.is_alive()
        watch.excused_at = float("-inf")
        monkeypatch.setattr(hanging, "LAPSE", 30.0)
        watch.looked_at -= 31
        for _ in range(3):
            watch.look()
        assert child.process.is_alive()

    def test_another_task_has_another_bound(self, watch):
        mail, backup, other = (
            hands.Hand(1, task, 0, 0) for task in ("email.send_chunk(4, 1)", "upkeep.back_up()", "upkeep.x()")
        )
        assert (watch.bound(mail), watch.bound(backup), watch.bound(other)) == (2400.0, 3600.0, 1.0)


@pytest.mark.parametrize("value", ["upkeep", "upkeep=soon", "post=60", "email=0"])
def test_a_setting_that_cannot_be_understood_is_said(value, monkeypatch):
    monkeypatch.setenv(hanging.SETTING, value)
    with pytest.raises(env.Misconfigured, match=hanging.SETTING):
        hanging.bounds()


def test_every_queue_has_a_bound():
    assert all(hanging.Watch().bound(hands.Hand(1, f"{name}.any()", 0, 0)) >= 600 for name in queue.QUEUES)


def stalling(folder, queues, bounds):
    """A worker of one process whose first task, or first chunk after some letters, waits for ever."""
    wrong = {"PYTHONPATH": str(HOOKS), "HOOK_STALL": str(folder / "stalled"), hanging.SETTING: bounds}
    return working.program(folder, "worker", "--queues", queues, "--concurrency", "1", **wrong)


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
class TestWorkers:
    def test_upkeep_that_hangs_is_had_back_and_its_log_says_where_it_stood(self, tmp_path):
        with stalling(tmp_path, "upkeep", "upkeep.look_at_keys=10"):
            queue.enqueue("upkeep.look_at_keys")
            working.wait_for((tmp_path / "stalled").exists)
            hung = working.wait_for(HungTask.objects.first)
            assert (hung.kind, hung.count) == ("upkeep.look_at_keys", 1)
            (beat,) = WorkerBeat.objects.all()
            queue.enqueue("upkeep.tell_the_held")
            working.wait_for(lambda: WorkerBeat.objects.get(pk=beat.pk).heard_at > hung.last_at)
        log = (tmp_path / "worker.log").read_text()
        assert "in wait_for_ever" in log
        assert "a task that hung is ended" in log

    def test_a_chunk_that_hangs_is_taken_up_by_others_and_each_reader_gets_one_letter(self, tmp_path):
        office = newsroom.newsletter(languages=["en"])
        newsroom.readers(office, en=20)
        sink = counting_sink.Sink(10)
        relays.save("main", f"smtp://127.0.0.1:{sink.port}?security=none&connections=1")
        send = newsroom.send(office, newsroom.story("en"))
        with stalling(tmp_path, "email", "email=10"):
            queue.enqueue("email.send_chunk", send.pk, 1)
            working.wait_for(HungTask.objects.first)
            trouble = working.wait_for(lambda: Chunk.objects.values_list("trouble", flat=True).get(send=send))
            assert trouble.startswith("hung for "), trouble
            queue.enqueue("email.send_chunk", send.pk, 1)
            working.wait_for(lambda: sum(sink.taken.values()) >= 20)
            working.wait_for(lambda: Chunk.objects.get(send=send).state == Chunk.State.DONE)
        assert HungTask.objects.get().count == 1
        assert sum(sink.taken.values()) == 20

    def test_a_chunk_at_a_slow_relay_is_left_to_it(self, tmp_path):
        office = newsroom.newsletter(languages=["en"])
        newsroom.readers(office, en=12)
        sink = counting_sink.Sink(10, seconds=4)
        relays.save("main", f"smtp://127.0.0.1:{sink.port}?security=none&connections=1")
        send = newsroom.send(office, newsroom.story("en"))
        with working.program(
            tmp_path, "worker", "--queues", "email", "--concurrency", "1", **{hanging.SETTING: "email=30"}
        ):
            queue.enqueue("email.send_chunk", send.pk, 1)
            working.wait_for(lambda: Chunk.objects.get(send=send).state == Chunk.State.DONE)
        assert not HungTask.objects.exists()
        assert sum(sink.taken.values()) == 12
