"""A data directory of another PostgreSQL is told in words, and left alone."""

import re
from pathlib import Path

import pytest

from dispatch import cli
from dispatch.local import check, instance, major_upgrade, majors, postgres, switching

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Made by 15."""
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("DISPATCH_DATABASE_URL", raising=False)
    place = tmp_path / "postgres"
    place.mkdir()
    (place / "PG_VERSION").write_text("15\n")
    return place


@pytest.mark.parametrize(
    ("major", "what_to_do"), [("15", "run `dispatch upgrade-database`"), ("99", "start the newer")]
)
def test_a_cluster_of_another_major_version_is_refused_in_words(data, major, what_to_do):
    (data / "PG_VERSION").write_text(f"{major}\n")
    with pytest.raises(RuntimeError, match=rf"made by PostgreSQL {major}, .*{what_to_do}.*Nothing was changed"):
        postgres.prepare(data, data.parent / "run")
    assert [one.name for one in data.iterdir()] == ["PG_VERSION"]


def test_there_is_nothing_to_upgrade_where_the_database_is_not_ours_or_not_there(data, monkeypatch, capsys):
    monkeypatch.setenv("DISPATCH_DATABASE_URL", "postgresql://office@db/dispatch")
    assert cli.main(["upgrade-database"]) == 1
    assert "a PostgreSQL of your own" in capsys.readouterr().err
    monkeypatch.delenv("DISPATCH_DATABASE_URL")
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(data.parent / "elsewhere"))
    assert cli.main(["upgrade-database"]) == 1
    assert "There is no database in" in capsys.readouterr().err


def test_it_is_refused_while_dispatch_runs(data, capsys):
    with instance.held():
        assert cli.main(["upgrade-database"]) == 1
    assert "Dispatch already runs in" in capsys.readouterr().err
    assert switching.major_of(data) == "15"


def test_it_is_refused_where_the_disk_has_no_room_for_both(data, monkeypatch, capsys):
    monkeypatch.setattr(major_upgrade, "SLACK", 2**60)
    assert cli.main(["upgrade-database"]) == 1
    said = capsys.readouterr().err
    assert "free, and" in said
    assert "are needed" in said
    assert switching.major_of(data) == "15"


def test_a_newer_one_and_one_that_is_ours_are_left_alone(data, capsys):
    (data / "PG_VERSION").write_text("99\n")
    assert cli.main(["upgrade-database"]) == 1
    assert "Start the newer Dispatch" in capsys.readouterr().err
    (data / "PG_VERSION").write_text(f"{postgres.major()}\n")
    old = switching.kept(data, "15")
    old.mkdir()
    (old / "PG_VERSION").write_text("15\n")
    assert cli.main(["upgrade-database"]) == 0
    assert f"rm -r {old}" in capsys.readouterr().out
    (finding,) = check.kept_databases()
    assert finding.words.startswith(f"The database from before the upgrade is still in {old} (3 bytes)")
    assert finding.words.endswith(f"Once you are content: rm -r {old}")


def test_the_next_upgrade_will_know_where_these_programs_came_from():
    """Else whoever comes from this release would have to find PostgreSQL themselves. Add a row; never take one away."""
    wheel = majors.WHEELS[postgres.major()]
    locked = (ROOT / "requirements" / "base.txt").read_text()
    part = locked.split(f"{wheel.requirement} \\\n", 1)[1].split("\n\n")[0]
    hashes = []
    for line in part.splitlines():
        if not (found := re.fullmatch(r"\s+--hash=sha256:(\w+)(?: \\)?", line)):
            break
        hashes.append(found[1])
    assert tuple(hashes) == wheel.hashes
