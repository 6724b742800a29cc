"""How fast a send goes, and how long it will take."""

import pytest

from dispatch.operations import pacing, stats


def send(settled, state="sending", frozen=10_000):
    return stats.SendNow(1, state, frozen, settled, 0, frozen - settled, 0)


def seen(*moments, state="sending"):
    """The pace after these (second, settled)."""
    paces = pacing.Paces()
    for at, settled in moments:
        found = paces.look(at, [send(settled, state)])
    return found.get(1)


@pytest.mark.parametrize(
    ("moments", "words"),
    [
        ([(0, 0)], ""),  # one look says nothing
        ([(0, 100), (1, 100)], ""),  # nothing moves
        ([(0, 0), (1, 500), (2, 1000)], "500 a second, 18 s left"),  # 9,000 at 500
        ([(0, 0), (4, 2)], "30 a minute, 5 h left"),  # 9,998 at 0.5
        ([(0, 0), (5, 10_000)], "2,000 a second"),  # nobody is left
    ],
)
def test_it_is_said_in_words(moments, words):
    assert seen(*moments).words == words


def test_only_the_last_ten_seconds_count():
    """A slow first minute does not make what comes look slow: 60 s at 1 a second, then 5 s at 100."""
    slow = [(second, second) for second in range(60)]
    fast = [(60 + second, 60 + 100 * second) for second in range(12)]
    assert seen(*slow, *fast).per_second == pytest.approx(100)


@pytest.mark.parametrize("state", ["paused", "finished", "draft"])
def test_what_does_not_move_has_no_pace(state):
    assert seen((0, 0), (1, 100), state=state) is None


def test_a_send_that_was_paused_begins_anew():
    paces = pacing.Paces()
    paces.look(0, [send(0)])
    paces.look(1, [send(100, "paused")])
    assert paces.look(2, [send(100)])[1].words == ""
