"""Panic, for real: an instance that is up can read nobody afterwards, and everything again with its offline share."""

import io
import subprocess

import psycopg
import pyrage
import pytest

from dispatch import env
from dispatch.local import check, instance, panic, shares

from .conftest import clean_environment, command, is_running, wait_for

ALICE = "email\nalice@example.org\n"
ADD_NEWSLETTER = (
    *("newsletter", "add", "office", "--name-en", "News", "--languages", "en"),
    *("--from-name", "The Office", "--from-address", "news@example.org"),
)


@pytest.fixture
def say(folder):
    """say("keys", …, typed=…) beside the instance; what came of it."""

    def run(*arguments, typed="", **changes):
        return subprocess.run(
            command(*map(str, arguments)),
            env=clean_environment(folder, **changes),
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


@pytest.fixture
def holder(tmp_path):
    """Alice keeps the share: her key, as age-keygen writes it, and its public half."""
    own = pyrage.x25519.Identity.generate()
    file = tmp_path / "alice.key"
    file.write_text(f"# public key: {own.to_public()}\n{own}\n")
    return file, str(own.to_public())


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A directory with keys of its own, and an environment that says nothing else."""
    folder = tmp_path / "data"
    (folder / "keys").mkdir(parents=True)
    for name, file in instance.KEYS.items():
        (folder / "keys" / file).write_text("1 " + "a" * 43 + "=\n")
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(f"{name}_FILE", str(folder / "keys" / file))
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(folder))
    return folder


def name_of(folder, monkeypatch):
    monkeypatch.setenv("DISPATCH_VAULT_KEYS", (folder / "keys" / "vault_keys").read_text())
    return shares.fingerprint()


@pytest.mark.long
def test_after_panic_nobody_is_read_and_the_share_brings_everything_back(folder, start, say, holder, monkeypatch):
    key, public = holder
    away = key.parent
    up = start(folder).wait_until_up()
    running = up.processes()
    assert say(*ADD_NEWSLETTER).returncode == 0
    (away / "readers.csv").write_text(ALICE)
    assert say("import", away / "readers.csv", "--newsletter", "office", "--language", "en", "--apply").returncode == 0
    link = say("user", "add", "bob@example.org").stdout
    share, kept, name = (
        away / "share.age",
        (folder / "keys" / "vault_keys").read_text(),
        name_of(folder, monkeypatch),
    )

    shared = say("keys", "share", share, "--to", public)
    assert name in shared.stdout
    assert share.stat().st_mode & 0o777 == 0o600
    assert kept.split()[1].encode() not in share.read_bytes()

    done = say("panic", typed=f"panic\n{name}\n")
    assert done.returncode == 0, done.stderr
    assert "NO OFFLINE SHARE" not in done.stdout
    assert "1 sign-in links" in done.stdout
    wait_for(lambda: not any(is_running(process) for process in [up.process.pid, *running]))
    assert not any(kept.split()[1].encode() in file.read_bytes() for file in (folder / "keys").iterdir())
    assert "were destroyed by `dispatch panic`" in say("up", "--port", "18741").stderr

    assert say("keys", "restore", share, "--identity", key).returncode == 0
    assert (folder / "keys" / "vault_keys").read_text() == kept
    start(folder).wait_until_up()
    shown = say("reader", "show", "--reason", "a rehearsal", typed="alice@example.org\n")
    assert "alice@example.org" in shown.stdout, shown.stderr
    with psycopg.connect(f"postgresql://dispatch@/dispatch?host={folder / 'run'}") as session:
        assert session.execute("SELECT count(*) FROM accounts_signinlink").fetchone() == (0,)
    assert link.startswith("http")


def test_with_database_and_broker_down_the_keys_go_all_the_same(folder, say, monkeypatch):
    (folder / "keys").mkdir(parents=True)
    (folder / "keys" / "vault_keys").write_text("1 " + "a" * 43 + "=\n")
    (folder / "keys" / "secret_key").write_text("a secret\n")
    name = name_of(folder, monkeypatch)
    done = say("panic", typed=f"panic\n{name}\n")
    assert done.returncode == 1
    assert "NO OFFLINE SHARE" in done.stdout
    assert "2 files overwritten" in done.stdout
    assert "sessions: NOT DONE" in done.stderr
    assert "broker: NOT DONE" in done.stderr
    assert [file.name for file in (folder / "keys").iterdir()] == ["destroyed"]


@pytest.mark.parametrize("typed", ["", "panic\n", "panic\nno\n", "yes\nyes\n"])
def test_it_asks_twice(monkeypatch, typed):
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert not panic._is_meant("a1b2c3")
    monkeypatch.setattr("sys.stdin", io.StringIO("panic\na1b2c3\n"))
    assert panic._is_meant("a1b2c3")


def test_keys_that_only_a_person_can_reach_are_named(monkeypatch, here):
    monkeypatch.setenv("DISPATCH_VAULT_KEYS", "1 " + "a" * 43 + "=")
    with pytest.raises(env.Misconfigured, match="DISPATCH_VAULT_KEYS in the environment"):
        panic._destroy_keys()
    assert [file.name for file in (here / "keys").iterdir()] == ["destroyed"]


def test_keys_from_the_environment_are_out_of_reach_and_it_says_so_before_and_after(folder, say, monkeypatch):
    (folder / "keys").mkdir(parents=True)
    (folder / "keys" / "secret_key").write_text("a secret\n")
    key = "1 " + "a" * 43 + "="
    monkeypatch.setenv("DISPATCH_VAULT_KEYS", key)
    name = shares.fingerprint()
    no = say("panic", typed="no\n", DISPATCH_VAULT_KEYS=key)
    assert f"This CANNOT destroy the keys {name}" in no.stdout
    assert "no address on this machine can be read after it" not in no.stdout
    assert (folder / "keys" / "secret_key").exists()
    done = say("panic", typed=f"panic\n{name}\n", DISPATCH_VAULT_KEYS=key)
    assert done.returncode == 1
    assert "ADDRESSES CAN STILL BE READ HERE" in done.stderr
    assert "DISPATCH_VAULT_KEYS in the environment" in done.stderr
    assert [file.name for file in (folder / "keys").iterdir()] == ["destroyed"]  # what could go is gone


def test_a_credential_that_is_brought_read_only_is_named(monkeypatch, here, tmp_path):
    brought = tmp_path / "credentials" / "dispatch_vault_keys"
    brought.parent.mkdir()
    brought.write_text("1 " + "a" * 43 + "=\n")
    monkeypatch.setenv("DISPATCH_VAULT_KEYS_FILE", str(brought))
    assert panic.beyond_reach() == {}
    monkeypatch.setattr(
        "os.access", lambda file, _: not str(file).startswith(str(brought.parent))
    )  # root may write all
    assert list(panic.beyond_reach()) == ["DISPATCH_VAULT_KEYS"]
    assert str(brought) in panic.beyond_reach()["DISPATCH_VAULT_KEYS"][0]


def test_a_share_opens_for_its_holders_alone(monkeypatch, here, holder, tmp_path):
    share, stranger = tmp_path / "share.age", tmp_path / "bob.key"
    stranger.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    with pytest.raises(shares.Unsuited, match="no age key"):
        shares.make(share, ["alice"])
    assert any("No offline share" in finding.words for finding in check.secrets())
    shares.make(share, [holder[1]])
    assert not any("No offline share" in finding.words for finding in check.secrets())
    with pytest.raises(FileExistsError):
        shares.make(share, [holder[1]])
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(tmp_path / "new"))
    with pytest.raises(shares.Unsuited, match="does not open"):
        shares.restore(share, stranger)
    assert not (tmp_path / "new").exists()
    shares.restore(share, holder[0])
    assert (tmp_path / "new" / "keys" / "vault_keys").read_text() == "1 " + "a" * 43 + "=\n"
    with pytest.raises(shares.Unsuited, match="There are keys already"):
        shares.restore(share, holder[0])
