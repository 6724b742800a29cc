"""Workers upon a database, simulated: more of them bring more until it is full, and a second database brings as much."""

import foreseeing
import pytest
from foreseeing import Steps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

STEPS = Steps(letters=250, worker=0.02, database=0.001, flush=0.0002)
CAREFUL = Steps(letters=1, worker=0.0001, database=0.0001, flush=0.0001)
times = st.floats(1e-5, 1e-2)


def test_one_worker_waits_for_itself_alone():
    rate = foreseeing.per_second(STEPS, 1, 4)
    assert rate == pytest.approx(250 / (0.02 + 0.001 + 0.0002))


def test_no_worker_sends_nothing():
    assert foreseeing.per_second(STEPS, 0, 4) == 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worker=times, database=times, flush=times, cores=st.integers(1, 8), workers=st.integers(1, 24))
def test_a_further_worker_never_costs_letters_and_no_one_gets_past_the_end(worker, database, flush, cores, workers):
    steps = Steps(10, worker, database, flush)
    few, more = (foreseeing.per_second(steps, count, cores) for count in (workers, workers + 4))
    assert more >= few * 0.97
    assert more <= foreseeing.most(steps, cores) * 1.03
    assert more <= (workers + 4) * 10 / (worker + database + flush) * 1.03


@pytest.mark.parametrize("steps", [STEPS, CAREFUL])
def test_a_database_with_twice_the_processors_takes_twice_as_much(steps):
    (_, two), (_, four) = foreseeing.enough(steps, 2), foreseeing.enough(steps, 4)
    assert four == pytest.approx(2 * two, rel=0.1)


@pytest.mark.parametrize("databases", [2, 3])
def test_full_databases_add_up(databases):
    full = foreseeing.per_second(STEPS, 100, 2)
    assert foreseeing.per_second(STEPS, 100 * databases, 2, databases=databases) == pytest.approx(
        databases * full, rel=0.02
    )


def test_one_database_is_full_where_more_workers_bring_nothing():
    workers, rate = foreseeing.enough(STEPS, 2)
    assert foreseeing.per_second(STEPS, 10 * workers, 2) == pytest.approx(rate, rel=0.06)
    assert foreseeing.per_second(STEPS, workers // 2, 2) < 0.6 * rate


def test_workers_who_share_the_databases_processors_bring_less():
    alone, shared = foreseeing.per_second(STEPS, 4, 2), foreseeing.per_second(STEPS, 4, 2, shared=2)
    assert shared == pytest.approx(250 / (0.02 + 0.001) * 2, rel=0.05)
    assert alone > 1.9 * shared


def test_one_flush_serves_all_who_wait():
    slow = Steps(1, 0.0001, 0.0001, 0.01)
    assert foreseeing.per_second(slow, 40, 8) > 15 * foreseeing.per_second(slow, 1, 8)


def test_a_log_that_the_disk_cannot_keep_up_with_is_an_end_of_its_own():
    heavy = Steps(1, 0.0001, 0.0001, 0.0001, writing=0.001)
    assert foreseeing.most(heavy, 32) == pytest.approx(1000)
    assert foreseeing.per_second(heavy, 64, 32) == pytest.approx(1000, rel=0.05)
