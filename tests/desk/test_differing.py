"""What differs between two texts is told word by word, and nothing of either is lost."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from dispatch.desk import differing
from dispatch.desk.differing import Piece

WORDS = st.lists(
    st.sampled_from(["a", "reading", "room", "чытальня", "10", ",", ".", " ", " ", "\n", "\r\n", "  ", "é"])
).map("".join)


def side(pieces, kinds):
    return "".join(piece.text for piece in pieces if piece.kind in kinds)


@given(WORDS | st.text(), WORDS | st.text())
def test_both_texts_can_be_read_from_it(before, now):
    pieces = differing.words(before, now)
    assert side(pieces, {"same", "gone"}) == before
    assert side(pieces, {"same", "new"}) == now


@given(WORDS, WORDS)
def test_neighbours_differ_in_kind_and_none_is_empty(before, now):
    pieces = differing.words(before, now)
    assert all(piece.text for piece in pieces)
    changes = [piece.kind for piece in pieces]
    assert all(one != other or one == "same" for one, other in itertools.pairwise(changes))


@given(WORDS, WORDS)
def test_what_is_shortened_still_tells_every_change(before, now):
    pieces = differing.words(before, now)
    changed = [piece for piece in pieces if piece.kind != "same"]
    assert [piece for piece in differing.shortened(pieces, 2) if piece.kind in {"gone", "new"}] == changed


def test_a_changed_word_stands_alone():
    pieces = differing.words("Two hundred people came on the first evening.", "Two hundred people came on Friday.")
    assert pieces == [
        Piece("same", "Two hundred people came on "),
        Piece("gone", "the first evening"),
        Piece("new", "Friday"),
        Piece("same", "."),
    ]


def test_long_stretches_that_are_the_same_are_left_out():
    long = " ".join(f"word{number}" for number in range(200))
    pieces = differing.shortened(differing.words(f"{long} old {long}", f"{long} new {long}"))
    assert [piece.kind for piece in pieces] == ["skipped", "same", "gone", "new", "same", "skipped"]
    assert len(side(pieces, {"same"}).split()) == 2 * differing.AROUND


def test_a_huge_paragraph_is_told_as_a_whole():
    before, now = "a word " * differing.MOST, "another word " * differing.MOST
    assert [piece.kind for piece in differing.words(before, now)] == ["gone", "new", "same"]
