"""X's weights: vectors of our own, X's conformance vectors where they are, and another counter as long as it is installed."""

import functools
import time
import warnings

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dispatch.social import weighing


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("Навіны", 6),
        ("cafe\u0301", 4),
        ("a\r\nb", 3),
        ("漢字", 4),
        ("©", 2),
        ("👍🏽 👩\u200d👩\u200d👧 🏳️\u200d🌈 1️⃣ 🇧🇾 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 17),
        ("❤️ ❤", 5),
        ("http://example.org/" + "a" * 300, 23),
        ("example.org", 23),
        ("see example.org/a, and www.example.by.", 4 + 23 + 6 + 23 + 1),
        ("name@example.org", 16),
        ("_example.org", 12),
        ("file.nosuchname", 15),
        ("новости.рф", 10),
        ("https://новости.рф/х", 23),
        ("これは。example.com", 8 + 23),
        ("https://t.co/abcde-f", 23 + 2),
        ("(https://example.org/a_(b))", 1 + 23 + 1),
        ("https://example.org?a=b&c,", 24),
        ("http://example.org:8000/x", 23),
        ("HTTPS://EXAMPLE.ORG", 23),
        ("https://" + "a" * 64 + ".org", 76),
    ],
)
def test_letters_emoji_and_links_weigh_what_x_says(text, weight):
    assert weighing.weigh(text) == weight


def test_a_link_is_found_where_x_finds_one():
    text = "Read office.example.org/en/1, https://example.by/x?y=z#w. Not: a.b, name@example.org"
    assert weighing.links(text) == ["office.example.org/en/1", "https://example.by/x?y=z#w"]


def test_each_vector_of_x_own_has_the_links_it_names(data):
    vectors = yaml.safe_load((data / "twitter-text" / "extract.yml").read_text())["tests"]["urls"]
    assert len(vectors) > 80
    assert {one["text"]: weighing.links(one["text"]) for one in vectors} == {
        one["text"]: one["expected"] for one in vectors
    }


def test_a_long_text_takes_milliseconds():
    """Three at the most on a machine of its own; ten times that on a busy one."""
    text = ("Навіны Офіса. Яны прыйшлі з Вільні; https://office.example.org/en/1 і яшчэ 5 € 👍🏽. " * 40)[:3000]
    weighing.weigh(text)
    assert min(timed(text) for _ in range(20)) < 0.03


def timed(text):
    began = time.perf_counter()
    weighing.weigh(text)
    return time.perf_counter() - began


@functools.cache
def other():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning)  # it is old
        return pytest.importorskip("twitter_text", reason="the other counter is not installed")


@functools.cache
def signs():
    """Each emoji that the other counter knows, as people write it."""
    pytest.importorskip("pkg_resources", reason="the other counter needs an old setuptools")
    other()
    from twitter_text.regexp.emoji import emoji_list

    return tuple(one.emoji for one in emoji_list)


PIECES = st.one_of(
    st.sampled_from(
        ["https://", "http://t.co/", "example", ".", "org", ".com", ".бел", "/", "?a=b", "#", "@", "-", "_", " "]
    ),
    st.text(alphabet="aZ1é我іў.:/-_@#…€ \n", max_size=8),
    st.sampled_from(["👍🏽", "👩\u200d💻", "1️⃣", "🇧🇾", "❤️", "©", "™"]),
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
@example("https://example.org/a_(b(c)d)e x.com,y.org:80/z")
def test_it_agrees_with_another_counter(text):
    assert weighing.weigh(text) == other().parse_tweet(text).weightedLength


def test_each_emoji_weighs_two():
    assert {one: weighing.weigh(one) for one in signs() if weighing.weigh(one) != 2} == {}
