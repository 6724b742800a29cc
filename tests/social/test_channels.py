"""Connecting an account: sealed, probed, and never echoed."""

import argparse

import connected
import pictures
import pytest

from dispatch.local.networks import speakers
from dispatch.social import channels
from dispatch.social.commands import channel as command
from dispatch.social.models import Channel
from dispatch.social.networks import base

pytestmark = pytest.mark.django_db


def run(*words):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(words))


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_text("access_token=a-very-secret-token\n")
    return str(path)


def test_credentials_are_sealed_and_opened_only_for_the_network(token_file, standins, capsys):
    server = f"http://127.0.0.1:{standins.server_port}/mastodon"
    added = run("add", "mastodon", "--slug", "toot", "--server", server, "--credentials-file", token_file)
    assert added == 0
    channel = Channel.objects.get()
    assert b"a-very-secret-token" not in bytes(channel.credentials)
    assert channels.account(channel).credentials == {"access_token": "a-very-secret-token"}
    assert "a-very-secret-token" not in repr(channels.account(channel))
    assert "secret" not in capsys.readouterr().out


def test_a_probe_keeps_what_the_instance_says_of_its_limits(connect):
    channel = connect("mastodon")
    channels.probe(channel)
    channel.refresh_from_db()
    assert channel.limits["statuses"]["max_characters"] == 500
    assert channel.trouble == ""


def test_a_channel_that_cannot_be_reached_says_so(connect, standins):
    channel = connect("telegram")
    channel.server = "http://127.0.0.1:9"
    channel.save()
    assert not channels.probe(channel).ok
    assert channel.trouble


def test_what_is_missing_is_named(tmp_path, capsys):
    (tmp_path / "token").write_text("token=\n")
    assert run("add", "telegram", "--slug", "tg", "--credentials-file", str(tmp_path / "token")) == 1
    assert "needs token" in capsys.readouterr().err
    assert not Channel.objects.exists()


def test_channels_are_listed_with_their_trouble(connect, capsys):
    connect("x", languages=["be"])
    assert run("list") == 0
    assert capsys.readouterr().out == "x\tx\tbe\tfine\n"


def test_a_probe_of_no_such_channel_says_so(capsys):
    assert run("probe", "nowhere") == 1
    assert "there is no nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("network", connected.NETWORKS)
def test_a_channel_of_each_network_is_added_by_what_it_needs(network, standins, tmp_path, capsys):
    speaker = speakers.SPEAKERS[network]
    given = tmp_path / "credentials"
    given.write_text("".join(f"{name}={value}\n" for name, value in speaker.credentials.items()))
    server = f"http://127.0.0.1:{standins.server_port}/{network}"
    place = ("--server", server, "--account", speaker.account, "--credentials-file", str(given))
    assert run("add", network, "--slug", "one", *place) == 0
    assert "one: it can publish" in capsys.readouterr().out


def test_an_end_that_is_no_moment_is_named_and_nothing_is_changed(tmp_path, capsys):
    (tmp_path / "keys").write_text("user_id=1\naccess_token=t\nexpires_at=soon\n")
    assert run("add", "threads", "--slug", "one", "--credentials-file", str(tmp_path / "keys")) == 1
    assert "expires_at is no moment" in capsys.readouterr().err
    assert not Channel.objects.exists()


@pytest.mark.parametrize(("said", "end"), [("2026-12-31", "2026-12-31T00:00:00+00:00"), ("soon", None), ("", None)])
def test_an_end_is_read_or_nobody_knows_it(said, end):
    found = base.ends({"expires_at": said})
    assert (found.isoformat() if found else None) == end


def test_a_picture_is_kept_for_posts_that_need_one_or_nothing_is_changed(connect, tmp_path, capsys):
    channel = connect("instagram")
    before = channel.settings
    (tmp_path / "one.jpg").write_bytes(pictures.jpeg(90, 90))
    (tmp_path / "none.jpg").write_bytes(b"none")
    assert run("picture", "instagram", str(tmp_path / "none.jpg"), "--alt", "Nothing") == 1
    assert run("picture", "nobody", str(tmp_path / "one.jpg"), "--alt", "Bob") == 1
    assert "Nothing was changed" in capsys.readouterr().err
    assert Channel.objects.get().settings == before
    assert run("picture", "instagram", str(tmp_path / "one.jpg"), "--alt", "Bob at the door") == 0
    assert Channel.objects.get().settings["picture_alt"] == "Bob at the door"
