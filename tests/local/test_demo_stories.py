"""What the demo publishes, and where it does it."""

import json
import os
import re

import pytest

from dispatch import env
from dispatch.articles import payloads, signatures
from dispatch.articles.models import Source
from dispatch.local import instance
from dispatch.local.demo import newsroom, place, stories
from dispatch.local.demo.stories import Way


def sample(way):
    return next(story for story in stories.load(stories.SAMPLES) if story.way is way)


def source(kind):
    return Source(slug=kind, kind=kind, language="en", secrets=b"")


def test_the_samples_come_in_by_every_way_and_in_three_languages():
    found = stories.load(stories.SAMPLES)
    assert sorted(story.way for story in found) == sorted(Way)
    assert sample(Way.NATIVE).languages == ("en", "be", "ru")


def test_the_native_sample_is_what_the_webhook_takes():
    story = sample(Way.NATIVE)
    incoming = payloads.parse(source("native"), story.body)
    assert incoming.story_key == story.key
    assert tuple(version.language for version in incoming.versions) == story.languages


def test_the_ghost_sample_keeps_what_is_for_members():
    story = sample(Way.GHOST)
    incoming = payloads.parse(source("ghost"), story.body)
    (version,) = incoming.versions
    assert incoming.story_key == story.key
    assert "members" in story.body.decode()
    assert "curator’s notes" not in version.html


def test_belarusian_and_russian_samples_hold_their_own_letters_only():
    data = json.loads(sample(Way.NATIVE).body)["data"]
    belarusian, russian = (one["html"] + one["title"] + one["summary"] for one in data["translations"])
    assert set("іў") <= set(belarusian)
    assert not set(belarusian) & set("ищъ")
    assert not set(russian) & set("іў")


def test_a_capture_is_published_byte_by_byte_as_ghost_sent_it(tmp_path):
    body = '{"event":"post.published","post":{"current":{"id":"1","title":"Навіны  <&>"}}}'
    (tmp_path / "capture.json").write_text(json.dumps({"request": {"raw_body": body}}), encoding="utf-8")
    (story,) = stories.load(tmp_path)
    assert (story.way, story.body, story.key) == (Way.GHOST, body.encode(), "ghost:1")


def test_a_pasted_text_says_its_language_in_its_name(tmp_path):
    for name in ("one.txt", "two.be.txt", "2024-03-20.txt"):
        (tmp_path / name).write_text("Text", encoding="utf-8")
    languages = {story.title: story.languages for story in stories.load(tmp_path)}
    assert languages == {"one.txt": ("en",), "two.be.txt": ("be",), "2024-03-20.txt": ("en",)}


def test_other_files_are_left_alone_and_a_folder_without_any_story_is_told(tmp_path):
    (tmp_path / "openapi.json").write_text('{"openapi": "3.1.0"}')
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(stories.Unusable, match="holds no"):
        stories.load(tmp_path)
    with pytest.raises(stories.Unusable, match="not a directory"):
        stories.load(tmp_path / "nowhere")


def test_the_real_inputs_are_a_pasted_text_and_a_capture_of_ghost(data):
    assert [story.way for story in stories.load(data)] == [Way.GHOST, Way.PASTED]


def test_what_the_demo_signs_is_genuine(monkeypatch):
    for kind, secret, headers in (
        ("native", newsroom.NATIVE_SECRET, stories.sign_native(b"{}")),
        ("ghost", newsroom.GHOST_SECRET, stories.sign_ghost(b"{}")),
    ):
        one = source(kind)
        one.secrets = signatures.seal_secrets(kind, [secret])
        moment = int(re.search(r"(?:^|t=)(\d{10})", headers.get("webhook-timestamp") or str(headers))[1])
        assert isinstance(signatures.verify(one, headers, b"{}", "", moment), signatures.Genuine)


@pytest.fixture
def surroundings(tmp_path, monkeypatch):
    """An environment that leads to a newsroom's own database and relay."""
    before = dict(os.environ)
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(tmp_path))
    os.environ.update(
        DISPATCH_DATABASE_URL="postgresql://real", DISPATCH_RELAY_URL="smtp://real", DISPATCH_VAULT_KEYS="1 real"
    )
    yield tmp_path
    for name in set(os.environ) - set(before):
        del os.environ[name]
    os.environ.update(before)


def test_a_demo_never_reaches_the_newsrooms_own_database_relay_or_keys(surroundings):
    with place.made(keep=False):
        assert env.is_embedded("DATABASE")
        assert not {name for name in os.environ if re.match(r"DISPATCH_(RELAY|VAULT|SECRET)", name)}
        assert env.data_dir() != surroundings
        gone = env.data_dir()
    assert not gone.exists()


def test_a_demo_begins_anew_but_not_while_another_runs(surroundings):
    with place.made(keep=True):
        here = env.data_dir()
        assert here == surroundings / "demo"
        (here / "left").mkdir()
    os.environ["DISPATCH_DATA_DIR"] = str(surroundings)
    with place.made(keep=True):
        assert not (here / "left").exists()
        with instance.held():
            os.environ["DISPATCH_DATA_DIR"] = str(surroundings)
            with pytest.raises(instance.InUse, match="already runs"), place.made(keep=True):
                pass
