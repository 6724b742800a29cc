"""The demo's verdict: exactly one mail of each edition for each reader, exactly one post of each story on each channel."""

import dataclasses

import pytest

from dispatch.local.demo.counting import Edition, account, language_for
from dispatch.local.demo.readers import Reader, invent
from dispatch.local.inbox import Letter

ALICE = Reader("alice@example.org", "Alice", "en", "be")
BOB = Reader("bob@example.org", "Боб", "be", "en")
CHARLIE = Reader("charlie@example.org", "Чарлі", "ru", "")
NEWS = Edition("News", "news", ("public-id-1", "public-id-2"), frozenset({"en", "be"}))


def letter(reader, language, edition="public-id-1", newsletter="news"):
    return Letter(1, 0.0, "news@news.example.org", reader.address, "Subject", newsletter, edition, language, 100)


RIGHT = [letter(ALICE, "en"), letter(BOB, "be")]
POSTED = {"x": ["a story"]}


def judged(letters, posts=POSTED):
    return account([ALICE, BOB, CHARLIE], [NEWS], letters, posts, stories=1, networks=["x"])


def test_everyone_has_one_and_who_reads_neither_language_needs_none():
    found = judged(RIGHT)
    assert found.right
    assert (found.accepted, found.missing) == (2, 0)
    assert [(line.language, line.readers, line.missing) for line in found.lines] == [("be", 1, 0), ("en", 1, 0)]


def test_a_missing_mail_is_missed_where_it_should_be():
    found = judged(RIGHT[:1])
    assert not found.right
    assert found.missing == 1
    assert {line.language: line.missing for line in found.lines} == {"be": 1, "en": 0}


def test_a_second_mail_of_the_same_edition_is_told():
    found = judged([*RIGHT, RIGHT[0]])
    assert not found.right
    assert (found.missing, found.doubled) == (0, 1)


@pytest.mark.parametrize(
    "stray",
    [
        letter(CHARLIE, "en"),
        letter(BOB, "en"),
        letter(ALICE, "en", newsletter="today"),
        letter(ALICE, "en", edition="another"),
        letter(dataclasses.replace(ALICE, address="mallory@example.org"), "en"),
    ],
    ids=["reader of neither language", "second language though the own is there", "newsletter", "edition", "stranger"],
)
def test_a_mail_that_nobody_should_have_got_is_told(stray):
    found = judged([*RIGHT, stray])
    assert not found.right
    assert found.strays == 1


def test_a_mailing_in_two_departures_brings_each_reader_one_mail_in_all():
    second = letter(BOB, "be", edition="public-id-2")
    assert judged([RIGHT[0], second]).right
    assert judged([*RIGHT, second]).doubled == 1


def test_an_edition_that_was_never_made_is_missed_by_everyone():
    nothing = dataclasses.replace(NEWS, public_ids=())
    found = account([ALICE, BOB], [nothing], [], {"x": ["a"]}, stories=1, networks=["x"])
    assert found.missing == 2


@pytest.mark.parametrize("posts", [{}, {"x": []}, {"x": ["a", "b"]}, {"x": ["a", "a"]}])
def test_a_channel_without_exactly_one_post_of_each_story_is_wrong(posts):
    assert not judged(RIGHT, posts).right


def test_the_same_post_twice_does_not_pass_for_two_stories():
    assert not account([ALICE], [], [], {"x": ["a", "a"]}, stories=2, networks=["x"]).right


def test_the_second_language_serves_only_where_the_first_is_missing():
    english = dataclasses.replace(NEWS, languages=frozenset({"en"}))
    assert (language_for(BOB, english), language_for(BOB, NEWS), language_for(CHARLIE, NEWS)) == ("en", "be", "")


def test_a_tailored_letter_is_in_the_readers_own_language_around_a_story_in_the_second():
    tailored = Edition("Today", "today", ("public-id-3",), frozenset({"en"}), is_tailored=True)
    assert (language_for(BOB, tailored), language_for(CHARLIE, tailored)) == ("be", "")


def test_invented_readers_are_the_same_every_time_and_everyone_is_another():
    people = invent(1000)
    assert people == invent(1000)
    assert len({reader.address for reader in people}) == 1000
    assert {reader.language for reader in people} == {"en", "be", "ru"}
    assert all(reader.address.endswith("@example.org") for reader in people)
