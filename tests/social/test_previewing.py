"""A text is drawn as its network marks, folds and shortens it, and nothing of it gets lost on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.social import previewing

TEXT = "See #Мост and @office.example.org of @bob@town.example: https://office.example.org/a/very/long/address/of/1"
BITS = st.one_of(st.sampled_from(["https://a.org/x ", "#мост", "@bob ", "\n", ". "]), st.text(max_size=20))
TEXTS = st.lists(BITS, max_size=40).map("".join)


def marked(network, text=TEXT):
    drawn = previewing.draw(text, previewing.style(network))
    return [(piece.kind, piece.text) for piece in (*drawn.shown, *drawn.rest) if piece.kind != "text"]


@pytest.mark.parametrize(
    ("network", "kinds"),
    [
        ("x", ["tag", "mention", "mention", "link"]),
        ("mastodon", ["tag", "mention", "mention", "link"]),
        ("bluesky", ["tag", "mention", "link"]),
        ("instagram", ["tag", "mention", "mention"]),
        ("facebook", ["tag", "link"]),
        ("linkedin", ["tag", "link"]),
        ("apprise", ["link"]),
    ],
)
def test_each_network_marks_what_it_marks(network, kinds):
    assert [kind for kind, _ in marked(network)] == kinds


def test_links_are_shortened_where_the_network_shortens_them():
    assert marked("x")[-1] == ("link", "office.example.org/a/very/lo…")
    assert marked("facebook")[-1][1].startswith("https://office.example.org/a/very/long")


def test_a_long_caption_folds_at_a_word():
    drawn = previewing.draw("word " * 60, previewing.style("instagram"))
    assert "".join(piece.text for piece in drawn.shown).endswith("word")
    assert drawn.rest
    assert drawn.more == "… more"


def test_a_title_is_bold_and_an_overrun_is_marked():
    drawn = previewing.draw("Title and more", previewing.style("telegram"), over=9, title="Title")
    assert [(piece.kind, piece.text, piece.is_over) for piece in drawn.shown] == [
        ("title", "Title", False),
        ("text", " and", False),
        ("text", " more", True),
    ]


@given(
    TEXTS, st.sampled_from(["bluesky", "telegram", "facebook", "instagram", "linkedin", "apprise"]), st.integers(0, 300)
)
def test_all_of_a_text_is_drawn_in_its_order(text, network, over):
    drawn = previewing.draw(text, previewing.style(network), over=over)
    assert "".join(piece.text for piece in (*drawn.shown, *drawn.rest)) == text
