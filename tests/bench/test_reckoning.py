"""What readers need, from what was measured: twice the readers need twice as much, and the page says what the figures say."""

from dataclasses import replace
from pathlib import Path

import calculator
import pytest
import reckoning
import tables
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
FIGURES = reckoning.Figures.read(ROOT / "bench" / "capacity.json")
PAGE = (ROOT / "docs" / "capacity.md").read_text(encoding="utf-8")
LINEAR = ("rate", "megabits", "worker_cores", "database_cores", "freeze_seconds", "disk", "log")
readers = st.integers(1_000, 200_000_000)
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@patient
@given(readers=readers, letters=st.integers(1, 24), hours=st.floats(0.1, 24), never_twice=st.booleans())
def test_twice_the_readers_need_twice_of_what_is_linear(readers, letters, hours, never_twice):
    one, two = (
        reckoning.need(FIGURES, many, letters, hours, never_twice=never_twice) for many in (readers, 2 * readers)
    )
    for name in LINEAR:
        assert getattr(two, name) == pytest.approx(2 * getattr(one, name)), name


@patient
@given(readers=readers, letters=st.integers(1, 24), hours=st.floats(0.1, 12))
def test_more_time_needs_fewer_processors_and_the_same_disk(readers, letters, hours):
    soon, later = reckoning.need(FIGURES, readers, letters, hours), reckoning.need(FIGURES, readers, letters, 2 * hours)
    assert later.worker_cores == pytest.approx(soon.worker_cores / 2)
    assert later.worker_memory <= soon.worker_memory
    assert (later.disk, later.log, later.freeze_seconds) == (soon.disk, soon.log, soon.freeze_seconds)


@patient
@given(readers=readers, letters=st.integers(1, 23))
def test_more_letters_a_day_write_more_and_ask_no_more_of_the_hour_in_which_one_leaves(readers, letters):
    few, more = reckoning.need(FIGURES, readers, letters, 1), reckoning.need(FIGURES, readers, letters + 1, 1)
    assert more.disk > few.disk
    assert more.log > few.log
    assert (more.rate, more.worker_cores) == (few.rate, few.worker_cores)


@patient
@given(readers=st.integers(1_000_000, 200_000_000), hours=st.floats(0.5, 12), cores=st.sampled_from([2, 8, 32]))
def test_so_many_databases_are_enough_and_one_fewer_is_not(readers, hours, cores):
    count = reckoning.databases(FIGURES, readers, hours, cores)
    assert reckoning.hours_of_one(FIGURES, readers / count, cores) <= hours * 1.0001
    if count > 1:
        assert reckoning.hours_of_one(FIGURES, readers / (count - 1), cores) > hours


@patient
@given(hours=st.floats(0.5, 24), cores=st.sampled_from([2, 8, 32]), never_twice=st.booleans())
def test_whom_one_database_can_serve_it_serves_in_exactly_that_time(hours, cores, never_twice):
    many = reckoning.readers_in(FIGURES, hours, cores, never_twice=never_twice)
    assert reckoning.hours_of_one(FIGURES, many, cores, never_twice=never_twice) == pytest.approx(hours)


def test_never_twice_costs_the_database_more_than_to_send_again():
    once, careful = (reckoning.Letter.of(FIGURES, never_twice=which) for which in (False, True))
    assert careful.database_us > 5 * once.database_us
    assert careful.log > 5 * once.log
    assert careful.commits >= 1 > 100 * once.commits / 2


def test_a_dearer_letter_needs_more():
    dear = replace(FIGURES, worker_us=2 * FIGURES.worker_us, exception_us=2 * FIGURES.exception_us)
    one, two = (reckoning.need(figures, 10**6, 1, 1) for figures in (FIGURES, dear))
    assert two.worker_cores == pytest.approx(2 * one.worker_cores)
    assert two.database_cores > one.database_cores


def test_a_cost_that_is_the_same_at_each_size_is_linear_in_all():
    sizes = [{"readers": 10**place, "flat": 3.0, "root": 10 ** (place / 2)} for place in (4, 5, 6)]
    assert reckoning.exponent(sizes, "flat") == pytest.approx(0)
    assert reckoning.exponent(sizes, "root") == pytest.approx(0.5)
    assert reckoning.exponent(sizes, "missing") == 0


def test_the_page_has_each_table_as_the_figures_make_it():
    assert tables.written(PAGE, FIGURES) == PAGE, "python bench/capacity.py --rewrite puts them there"
    assert {place[2] for place in tables.PLACE.finditer(PAGE)} == set(tables.TABLES)


def test_a_newsroom_gets_an_answer_for_its_own_figures():
    said = calculator.answer(FIGURES, 3_000_000, 2, 2)
    assert "3,000,000" in said
    assert "PostgreSQLs of 8 cores, never twice" in said
