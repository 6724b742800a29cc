"""One data directory takes another's place: after each of the moments at which the power may go, one of the two stands
there.
"""

import pytest

from dispatch.local import postgres, switching


def directory(place, major, holds):
    place.mkdir()
    (place / "PG_VERSION").write_text(f"{major}\n")
    (place / "holds").write_text(holds)
    return place


@pytest.fixture
def home(tmp_path):
    """The office's data by 17, and beside it what was made of it by 18."""
    place = directory(tmp_path / "postgres", "17", "the office")
    directory(switching.making(place), "18", "the office, too")
    return place


def names(home):
    return sorted(one.name for one in home.parent.iterdir())


@pytest.mark.parametrize("can_exchange", [True, False])
def test_the_new_one_takes_its_place_and_the_old_one_is_kept_as_it_was(home, monkeypatch, can_exchange):
    if not can_exchange:
        monkeypatch.setattr(switching, "_is_exchanged", lambda *_: False)
    kept = switching.switch(home, "17")
    assert kept.name == "postgres.17"
    assert (home / "holds").read_text() == "the office, too"
    assert (kept / "holds").read_text() == "the office"
    assert names(home) == ["postgres", "postgres.17"]
    assert switching.all_kept(home) == [kept]


def test_linux_exchanges_the_two_in_one_act(home):
    assert switching._is_exchanged(home, switching.making(home))
    assert switching.major_of(home) == "18"
    assert switching.major_of(switching.making(home)) == "17"
    assert not switching._is_exchanged(home, home.with_name("nowhere"))


def test_cut_short_after_the_exchange_the_old_one_is_kept_and_never_cleared_away(home):
    switching._is_exchanged(home, switching.making(home))
    switching.discard(home, "18")
    assert (switching.making(home) / "holds").read_text() == "the office"
    switching.finish(home, "18")
    assert names(home) == ["postgres", "postgres.17"]
    assert (switching.kept(home, "17") / "holds").read_text() == "the office"


def test_cut_short_between_two_renames_the_next_look_ends_it(home):
    switching.making(home).rename(switching.made(home))
    switching.finish(home, "18")
    assert switching.major_of(home) == "17"  # the old one is there: nothing has happened yet
    home.rename(switching.kept(home, "17"))
    switching.finish(home, "18")
    assert (home / "holds").read_text() == "the office, too"
    assert names(home) == ["postgres", "postgres.17"]


def test_between_two_renames_no_start_makes_an_empty_database(tmp_path, monkeypatch):
    monkeypatch.setattr(postgres, "owner", lambda: None)  # else root's would stand elsewhere
    home = tmp_path / "postgres"
    switching.making(home).mkdir()
    directory(switching.made(home), postgres.major(), "the office, too")
    postgres.prepare(home, tmp_path / "run")
    assert (home / "holds").read_text() == "the office, too"


def test_what_an_upgrade_left_half_is_cleared_away_before_the_next(home):
    directory(switching.made(home), "18", "half")
    switching.discard(home, "18")
    assert names(home) == ["postgres"]
    switching.making(home).mkdir()  # not even a version in it yet
    switching.discard(home, "18")
    assert names(home) == ["postgres"]
