"""STOP while posts are due and mail leaves: a second later nothing does, and no more came than was said."""

import pytest


@pytest.mark.long
def test_a_second_after_stop_nothing_leaves(stopping):
    assert stopping.code == 0, stopping.said + stopping.complained
    told = stopping.told
    assert told["left"] > 0, "it was pulled in time to hold something"
    assert (told["posts_after_a_second"], told["mails_after_a_second"]) == (0, 0)
    messages, posts = told["may"]
    assert told["posts_after"] <= posts
    assert told["mails_after"] <= messages
