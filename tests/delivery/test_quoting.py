"""Quoted-printable: any text comes back, no line is long, begins with a dot or ends in white space."""

import quopri

from hypothesis import example, given
from hypothesis import strategies as st

from dispatch.delivery import quoting

ONE_LINE = st.text(st.characters(blacklist_characters="\r\n", codec="utf-8"), max_size=120)
NEAR = st.text(st.sampled_from(". =~a\té李🧑"), max_size=80)


@given(ONE_LINE | NEAR)
@example(", Alice")
@example(". ")
@example("a" * 75 + ".")
@example("李" * 26)
def test_the_short_ways_say_the_same_as_the_long_one(text):
    assert quoting.quoted(text) == quoting._line(text)


@given(st.text(st.characters(codec="utf-8")) | NEAR)
def test_any_text_comes_back_between_two_soft_breaks(text):
    data = b"=\r\n" + quoting.quoted(text) + b"=\r\n"
    wanted = text.replace("\r\n", "\n").replace("\r", "\n")
    assert quopri.decodestring(data).replace(b"\r\n", b"\n").decode() == wanted
    lines = data.split(b"\r\n")
    assert max(map(len, lines)) <= 76
    assert not any(line.startswith(b".") or line != line.rstrip() for line in lines)
