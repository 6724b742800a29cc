"""A long text becomes a thread: nothing is lost, each part fits, and cuts are where a reader would pause."""

import re

from hypothesis import given
from hypothesis import strategies as st

from dispatch.social import counting, splitting

LINK = "https://news.example.org/the-bridge"
TEXTS = st.text(
    alphabet=st.one_of(st.sampled_from("ab .!?\n ўщ…👩🏽‍🚒🇧🇾"), st.characters(exclude_categories=["Cs"])), max_size=400
)


def tweet(part: str) -> bool:
    return counting.x(part) <= 280


def short(part: str) -> bool:
    return counting.graphemes(part) <= 40


def test_what_fits_is_one_part_without_a_number() -> None:
    assert splitting.split(" The bridge is open. ", tweet, numbered=True) == ("The bridge is open.",)
    assert splitting.split(" \n ", tweet) == ()


def test_a_cut_is_at_the_end_of_a_paragraph_before_that_of_a_sentence() -> None:
    text = "The bridge is open again.\n\nIt held. And so did the road that leads to it."
    assert splitting.split(text, short) == (
        "The bridge is open again.",
        "It held. And so did the road that leads",
        "to it.",
    )


def test_a_cut_is_at_the_end_of_a_sentence_before_one_between_words() -> None:
    assert splitting.split("“The bridge is open again.” Bob crossed it with Alice.", short) == (
        "“The bridge is open again.”",
        "Bob crossed it with Alice.",
    )


def test_parts_are_numbered_within_their_limit() -> None:
    parts = splitting.split("word " * 80, short, numbered=True)
    assert len(parts) > 9
    assert all(short(part) and part.endswith(f" ({place}/{len(parts)})") for place, part in enumerate(parts, start=1))


def test_a_link_stays_whole_and_costs_what_the_network_says() -> None:
    long = LINK + "?" + "a" * 400
    parts = splitting.split("The bridge is open. " * 14 + long, tweet)
    assert parts[-1].endswith(long)
    assert all(map(tweet, parts))


def test_a_link_that_no_part_can_hold_is_left_whole_for_the_check_to_name() -> None:
    long = LINK + "/" + "a" * 40
    assert splitting.split(f"Open: {long} Come and see it with your own eyes.", short)[1] == long


def test_a_word_without_an_end_is_cut_between_characters() -> None:
    crew = "👩🏽‍🚒" * 50
    assert splitting.split(crew, short) == ("👩🏽‍🚒" * 40, "👩🏽‍🚒" * 10)


@given(TEXTS)
def test_nothing_is_lost_and_each_part_fits(text: str) -> None:
    parts = splitting.split(text, short)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(short(part) and part == part.strip() for part in parts)


@given(TEXTS)
def test_nothing_is_lost_between_numbers_either(text: str) -> None:
    parts = splitting.split(text, short, numbered=True)
    if len(parts) > 1:
        parts = tuple(re.sub(r" \(\d+/\d+\)$", "", part) for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
