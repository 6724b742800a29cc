"""The programs that back up and restore are here, and reach a database as Dispatch itself does."""

import socket
import subprocess
from pathlib import Path

import pytest

from dispatch.local import client, postgres

ELSEWHERE = "postgresql://dispatch@127.0.0.1:1/dispatch?sslmode=require"


def said(program, **options):
    return subprocess.run([client.program(program), f"--dbname={ELSEWHERE}"], capture_output=True, text=True, **options)  # noqa: PLW1510


@pytest.mark.parametrize("program", ["pg_dump", "psql"])
def test_a_database_elsewhere_may_insist_on_tls(program, monkeypatch):
    """Nobody listens there: what matters is that it is tried."""
    monkeypatch.setenv("DISPATCH_DATABASE_URL", ELSEWHERE)
    assert "Connection refused" in said(program, env=client.environment()).stderr
    assert "SSL support is not compiled in" in said(program).stderr  # why the environment is needed


@pytest.mark.parametrize("program", ["pg_dump", "psql"])
def test_the_password_goes_to_the_server_and_is_on_no_command_line(program, monkeypatch):
    """A server that asks for it in the clear (PostgreSQL, Message Formats), and does not go on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        at = f"127.0.0.1:{server.getsockname()[1]}/dispatch?sslmode=disable&gssencmode=disable"
        monkeypatch.setenv("DISPATCH_DATABASE_URL", f"postgresql://dispatch:not%20for%20all@{at}")
        command = [client.program(program), f"--dbname={client.address()}"]
        with subprocess.Popen(command, env=client.environment(), stderr=subprocess.DEVNULL) as asking:
            line, _ = server.accept()
            with line:
                line.recv(4096)
                line.sendall(b"R" + (8).to_bytes(4, "big") + (3).to_bytes(4, "big"))
                answer = line.recv(4096)
                shown = Path(f"/proc/{asking.pid}/cmdline").read_bytes()
    assert answer[5:] == b"not for all\0"
    assert b"127.0.0.1" in shown
    assert b"not for all" not in shown


def test_an_address_without_a_password_is_left_to_whatever_the_machine_says_of_it(monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "the machine's own")
    monkeypatch.setenv("DISPATCH_DATABASE_URL", "postgresql:///dispatch?host=/run/postgresql")
    assert client.address() == "dbname=dispatch host=/run/postgresql"
    assert client.environment()["PGPASSWORD"] == "the machine's own"


def test_the_embedded_one_is_reached_without_another_library(monkeypatch):
    monkeypatch.delenv("DISPATCH_DATABASE_URL", raising=False)
    assert "LD_PRELOAD" not in client.environment()


def test_where_the_wheel_is_not_the_systems_own_are_taken_with_their_own_library(monkeypatch, tmp_path):
    monkeypatch.setattr(postgres, "folder", lambda: None)
    monkeypatch.setenv("DISPATCH_DATABASE_URL", ELSEWHERE)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="pg_dump is not here"):
        client.program("pg_dump")
    (tmp_path / "pg_dump").write_text("#!/bin/sh\n")
    (tmp_path / "pg_dump").chmod(0o755)
    assert client.program("pg_dump") == str(tmp_path / "pg_dump")
    assert "LD_PRELOAD" not in client.environment()


def test_the_image_has_the_clients_programs_alone_and_no_server_is_looked_for_there(monkeypatch, tmp_path):
    monkeypatch.setattr(postgres, "folder", lambda: tmp_path)
    (tmp_path / "psql").write_text("")
    assert client.program("psql") == str(tmp_path / "psql")
    with pytest.raises(FileNotFoundError, match="set DISPATCH_DATABASE_URL instead"):
        postgres.binaries()
