"""Slots and quiet hours as people write them."""

from datetime import time

import newsroom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import cli
from dispatch.social import slots
from dispatch.social.models import Channel

MINUTES = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@given(st.sets(st.tuples(st.integers(0, 6), MINUTES)))
def test_what_is_written_reads_the_same(wanted):
    assert slots.parse(slots.written(wanted)) == sorted(wanted)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("sat 11:00", [(5, time(11))]),
        ("fri-mon 9:05", [(0, time(9, 5)), (4, time(9, 5)), (5, time(9, 5)), (6, time(9, 5))]),
        ("Mon,Wed 09:00 9:00; wed 18:30;", [(0, time(9)), (2, time(9)), (2, time(18, 30))]),
    ],
)
def test_days_and_times(text, found):
    assert slots.parse(text) == found


@pytest.mark.parametrize(
    "text", ["monday 09:00", "mon", "mon 24:00", "mon 9", "mon-xyz 09:00", "09:00 mon", "mon 09:00-10:00"]
)
def test_what_is_unclear_is_named(text):
    with pytest.raises(slots.Unclear, match="“"):
        slots.parse(text)


@pytest.mark.django_db
def test_the_command_sets_and_tells_them(capsys):
    newsroom.channel("masto")
    wanted = ["--slots", "mon,tue 09:00", "--quiet", "22:00-07:00", "--zone", "Europe/Minsk"]
    assert cli.main(["channel", "times", "masto", *wanted]) == 0
    assert cli.main(["channel", "times", "masto"]) == 0
    said = "masto: mon,tue 09:00; quiet: 22:00-07:00; by the clock of Europe/Minsk\n"
    assert capsys.readouterr().out == said * 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong", [["--slots", "never"], ["--quiet", "22:00"], ["--quiet", "22:00-22:00"], ["--zone", "Minsk"]]
)
def test_what_cannot_be_is_refused_whole(wrong, capsys):
    newsroom.channel("masto")
    assert cli.main(["channel", "times", "masto", "--slots", "mon 09:00", *wrong]) == 1
    assert "Nothing was changed." in capsys.readouterr().err
    channel = Channel.objects.get()
    assert (channel.slots.count(), channel.quiet_from, channel.zone) == (0, None, "")


@pytest.mark.django_db
def test_a_channel_that_is_not_there_is_told(capsys):
    assert cli.main(["channel", "times", "masto"]) == 1
    assert "there is no masto" in capsys.readouterr().err
