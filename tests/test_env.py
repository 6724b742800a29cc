import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import env


def test_a_secret_may_come_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("of the cast\n")
    monkeypatch.setenv("DISPATCH_X_FILE", str(tmp_path / "secret"))
    assert env.text("DISPATCH_X") == "of the cast"


def test_a_missing_setting_says_what_to_do(monkeypatch):
    with pytest.raises(env.Misconfigured, match=r"DISPATCH_X is not set\. Set it, or set DISPATCH_X_FILE"):
        env.text("DISPATCH_X")
    monkeypatch.setenv("DISPATCH_X_FILE", "/nowhere")
    with pytest.raises(env.Misconfigured, match="names /nowhere, which cannot be read"):
        env.text("DISPATCH_X")


def test_a_file_that_is_named_must_be_there(monkeypatch, tmp_path):
    assert env.file("DISPATCH_X") is None
    monkeypatch.setenv("DISPATCH_X", str(tmp_path / "list"))
    with pytest.raises(env.Misconfigured, match="which is no file that can be read"):
        env.file("DISPATCH_X")
    (tmp_path / "list").touch()
    assert env.file("DISPATCH_X") == tmp_path / "list"


def test_a_secret_may_come_from_systemd(monkeypatch, tmp_path):
    (tmp_path / "dispatch_x").write_text("a credential\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert env.text("DISPATCH_X") == "a credential"
    assert env.text("DISPATCH_Y", "none") == "none"
    (tmp_path / "other").write_text("named\n")
    monkeypatch.setenv("DISPATCH_X_FILE", str(tmp_path / "other"))
    assert env.text("DISPATCH_X") == "named"


@pytest.mark.parametrize(("said", "meant"), [("yes", True), ("On", True), ("0", False), ("", False)])
def test_yes_and_no_in_several_words(monkeypatch, said, meant):
    monkeypatch.setenv("DISPATCH_X", said)
    assert env.flag("DISPATCH_X") is meant


def test_what_is_neither_yes_nor_a_number_is_told(monkeypatch):
    monkeypatch.setenv("DISPATCH_X", "perhaps")
    with pytest.raises(env.Misconfigured, match="'perhaps'; say yes or no"):
        env.flag("DISPATCH_X")
    with pytest.raises(env.Misconfigured, match="'perhaps', which is not a number"):
        env.number("DISPATCH_X", 1)


@given(st.text(st.characters(categories=["L"]), min_size=1, max_size=200))
def test_a_socket_always_fits_its_path(name):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPATCH_DATA_DIR", f"/srv/{name}")
        assert len(os.fsencode(env.run_dir() / ".s.PGSQL.5432.lock")) <= 107


def test_root_keeps_its_sockets_where_nobody_can_reach_them(monkeypatch, tmp_path):
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    tmp_path.chmod(0o700)
    assert env.run_dir().parent.as_posix() == "/tmp"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert env.run_dir() == tmp_path / "run"


def test_addresses_are_written_in_one_way_and_a_name_is_none(monkeypatch):
    monkeypatch.setenv("DISPATCH_X", "203.0.113.7, 2001:DB8:0::7")
    assert env.addresses("DISPATCH_X") == ["203.0.113.7", "2001:db8::7"]
    monkeypatch.setenv("DISPATCH_X", "mail.example.org")
    with pytest.raises(env.Misconfigured, match=r"DISPATCH_X: .* Give addresses such as"):
        env.addresses("DISPATCH_X")
