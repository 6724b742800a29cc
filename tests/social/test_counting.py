"""Length as each network counts it: small vectors of our own, and X's conformance vectors where they are."""

import json
import unicodedata

import pytest
import yaml

from dispatch.social import counting


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("Навіны", 6),
        ("cafe\u0301", 4),
        ("…", 2),
        ("№ 5", 4),
        ("5 €", 4),
        ("👍🏽", 2),
        ("👩\u200d👩\u200d👧", 2),
        ("https://office.example.org/" + "a" * 200, 23),
        ("новости https://example.org/x конец", 8 + 23 + 6),
        ("漢字", 4),
    ],
)
def test_x_weighs_letters_marks_emoji_and_links(text, length):
    assert counting.x(text) == length


def test_x_weighs_every_vector_of_its_own_as_its_own_table_says(data):
    vectors = yaml.safe_load((data / "twitter-text" / "extract.yml").read_text())["tests"]["urls"]
    table = json.loads((data / "twitter-text" / "v3.json").read_text())
    assert len(vectors) > 80
    wrong = {v["text"] for v in vectors if counting.x(v["text"]) != weight(v["text"], v["expected"], table)}
    assert wrong == set()


def test_what_x_calls_a_valid_tweet_fits_into_280(data):
    tweets = yaml.safe_load((data / "twitter-text" / "validate.yml").read_text())["tests"]["tweets"]
    lengths = [counting.x(tweet["text"]) for tweet in tweets if tweet["expected"]]
    assert len(lengths) >= 5
    assert max(lengths) == 280


def weight(text, links, table):
    """By the published table alone: each link that the vector names, and every other character by its range."""
    for link in links:
        text = text.replace(link, "", 1)
    total = table["transformedURLLength"] * table["scale"] * len(links)
    for character in unicodedata.normalize("NFC", text):
        ranges = (r["weight"] for r in table["ranges"] if r["start"] <= ord(character) <= r["end"])
        total += next(ranges, table["defaultWeight"])
    return total // table["scale"]


@pytest.mark.parametrize(
    ("text", "length"), [("Навіны", 6), ("👩\u200d👩\u200d👧", 1), ("e\u0301", 1), ("\r\n", 1), ("🇧🇾🇱🇹", 2)]
)
def test_bluesky_counts_what_people_see(text, length):
    assert counting.graphemes(text) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("https://example.org/" + "a" * 300, 23),
        ("see https://example.org/a and http://example.org/b", 4 + 23 + 5 + 23),
        ("@office@social.example.org hello", 7 + 6),
        ("👩\u200d👩\u200d👧", 1),
    ],
)
def test_mastodon_has_one_price_for_links_and_takes_the_server_off_a_mention(text, length):
    assert counting.mastodon(text, 23) == length


@pytest.mark.parametrize(("text", "length"), [("Навіны", 6), ("👍", 2), ("👩\u200d👩\u200d👧", 8)])
def test_telegram_counts_in_utf_16(text, length):
    assert counting.utf16(text) == length
