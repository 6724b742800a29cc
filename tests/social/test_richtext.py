"""What Bluesky shows as links, mentions and hashtags is exactly what was written, whatever stands around it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.social.networks import richtext

DIDS = {"alice.example.org": "did:plc:alice"}
PIECES = [
    "https://office.example.org/навіны?a=1#b", "@alice.example.org", "@Alice.Example.org", "@nobody.example.org", "#чытальня",
    "#2026", "＃読書", "(", ")", ".", ",", " ", "\n", "👩\u200d👧", "é", "#", "@", "й", "https://", "#https://example.org",
    "https://example.org/(@alice.example.org",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)


def marked(text):
    said = text.encode()
    return [
        (said[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode(), one["features"][0])
        for one in richtext.facets(text, DIDS)
    ]


@settings(max_examples=80, deadline=None)
@given(text=texts)
def test_each_mark_covers_what_it_names_and_none_covers_another(text):
    ends = [0]
    for one in richtext.facets(text, DIDS):
        start, end = one["index"]["byteStart"], one["index"]["byteEnd"]
        assert ends[-1] <= start < end <= len(text.encode())
        ends.append(end)
    for words, feature in marked(text):
        match feature["$type"].partition("#")[2]:
            case "link":
                assert words == feature["uri"]
            case "mention":
                assert words.lower() == "@alice.example.org"
            case "tag":
                assert words[1:] == feature["tag"]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("глядзіце https://office.example.org/a.", ["https://office.example.org/a"]),
        ("(https://office.example.org/a)", ["https://office.example.org/a"]),
        ("Дзякуй, @alice.example.org!", ["@alice.example.org"]),
        ("пішыце alice@alice.example.org", []),
        ("#чытальня, #кнігі!", ["#чытальня", "#кнігі"]),
        ("# 1 і #1", []),
        ("https://example.org/#part", ["https://example.org/#part"]),
        ("#" + "a" * 65, []),
    ],
)
def test_words_are_marked_as_people_would(text, seen):
    assert [words for words, _ in marked(text)] == seen
