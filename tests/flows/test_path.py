"""One article from webhook to inbox and timelines, with everything real."""

import pytest

NETWORKS = ("x", "mastodon", "bluesky", "telegram", "facebook", "instagram", "threads", "linkedin", "apprise")


@pytest.mark.long
def test_stories_reach_every_reader_once_and_every_channel_once(demo):
    ran = demo("--readers", "90")
    assert (ran.code, ran.complained) == (0, ""), ran.said + ran.complained
    told = ran.told
    assert list(told) == ["readers", "accepted", "missing", "posts", "seconds"]
    editions = 3 + 2  # each story at once, and two digests
    assert (told["readers"], told["accepted"], told["missing"]) == (90, 90 * editions, 0)
    assert told["posts"] == dict.fromkeys(NETWORKS, 3)


@pytest.mark.long
def test_the_real_inputs_do_too(demo, data):
    ran = demo("--readers", "90", "--inputs", str(data))
    assert ran.code == 0, ran.said + ran.complained
    assert (ran.told["accepted"], ran.told["missing"]) == (90 * 4, 0)
    assert ran.told["posts"] == dict.fromkeys(NETWORKS, 2)


def test_a_folder_without_a_story_is_told_in_words_and_nothing_is_started(demo, tmp_path):
    ran = demo("--inputs", str(tmp_path))
    assert ran.code == 1
    assert "holds no .txt" in ran.complained
    assert "Traceback" not in ran.complained
