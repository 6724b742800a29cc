"""`dispatch channel add` connects a channel anew without changing what it is for."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dispatch import cli
from dispatch.social import channels
from dispatch.social.models import Channel

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    return channels.connect(
        "office",
        name="The office",
        network="fake",
        credentials={},
        languages=["be"],
        topics=["economy"],
        account="@office",
    )


@pytest.fixture
def keys(tmp_path):
    file = tmp_path / "keys"
    file.write_text("access_token=fresh\n")
    return ["--slug", "office", "--credentials-file", str(file)]


def test_what_is_not_named_stays_as_it_was(office, keys, capsys):
    assert cli.main(["channel", "add", "fake", *keys]) == 0
    anew = Channel.objects.get()
    assert (anew.name, anew.languages, anew.topics, anew.account) == ("The office", ["be"], ["economy"], "@office")
    assert channels.account(anew).credentials == {"access_token": "fresh"}


def test_what_is_named_changes_and_an_empty_list_is_for_all(office, keys, capsys):
    assert cli.main(["channel", "add", "fake", *keys, "--topics", "--languages", "ru"]) == 0
    anew = Channel.objects.get()
    assert (anew.languages, anew.topics) == (["ru"], [])


def test_a_new_one_is_for_all_and_called_by_its_slug(keys, capsys):
    assert cli.main(["channel", "add", "fake", *keys]) == 0
    made = Channel.objects.get()
    assert (made.name, made.languages, made.topics) == ("office", [], [])


def test_when_the_old_credentials_ended_is_forgotten_with_them(office, keys, capsys):
    Channel.objects.update(expires_at=timezone.now() + timedelta(days=3))
    assert cli.main(["channel", "list"]) == 0
    assert "until" in capsys.readouterr().out
    cli.main(["channel", "add", "fake", *keys])
    assert Channel.objects.get().expires_at is None
