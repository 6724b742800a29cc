"""What stays of an article in a mail."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.articles import cleaning

BASE = "https://news.example.org/2026/bread/"
PIECES = st.sampled_from(
    [
        "<p>", "</p>", "<div>",
        "</div>", "<a href='javascript:alert(1)'>", "<a href='/x'>", "</a>", "<script>", "</script>",
        "<style>p{}</style>", "<img src=x onerror=alert(1)>", "<img src='a.jpg' width=1>", "<svg onload=alert(1)>", "</svg>",
        "<iframe src='//www.youtube.com/embed/abcdefgh'></iframe>", "<table><tr><td>", "</td></tr></table>", "<math>", "<!--",
        "-->", "<![CDATA[", "&lt;b&gt;", "&nbsp;", "&#0;", "<noscript>", "</noscript>", "<template>", "<h1>", "</h1>",
        "<span id='fn1'>", "</span>", "<figure>", "</figure>", "<pre>", "</pre>",
        "<video poster='p.jpg' src='v.mp4'>",
        "</video>", "\u200f", "\x07", "ў", "[gallery ids='1']", "<textarea>", "<select><option>", "<br>",
        "<li>", "<ul>", "</ul>",
    ]
)  # fmt: skip
HTML = st.lists(PIECES | st.text(max_size=8), max_size=14).map("".join)


def clean(html):
    return cleaning.clean(html, base=BASE)


@given(HTML)
@settings(max_examples=400, deadline=None)
def test_cleaning_what_is_clean_changes_nothing(html):
    once = clean(html)
    assert clean(once) == once


@given(HTML)
@settings(max_examples=400, deadline=None)
def test_nothing_that_runs_survives(html):
    for tag in re.findall(r"<[^>]*>", clean(html)):
        assert not re.match(
            r"<(script|style|iframe|object|embed|svg|math|form|meta|link|template)\b", tag, re.IGNORECASE
        )
        assert not re.search(r"[\s\"'/]on\w+\s*=", tag, re.IGNORECASE)
        assert "javascript:" not in tag.lower()


@pytest.mark.parametrize(
    ("came", "left"),
    [
        ("<p>Hi<script>alert(1)</script></p>", "<p>Hi</p>"),
        ("<p onclick='x()' style='color:red'>Hi</p>", "<p>Hi</p>"),
        ('<img src="https://t.example/p.gif" width="1" height="1"><p>Hi</p>', "<p>Hi</p>"),
        ('<img src="https://t.example/p.gif" style="width: 1px"><p>Hi</p>', "<p>Hi</p>"),
        ("<p>Hi</p><noscript><img src='/x.gif'></noscript>", "<p>Hi</p>"),
        ('<a href="/about">us</a>', '<a href="https://news.example.org/about">us</a>'),
        ('<a href="#fn1">1</a>', '<a href="#fn1">1</a>'),
        ('<li id="fn1">A note</li>', '<li id="fn1">A note</li>'),
        ("<h1>Big</h1>", "<h2>Big</h2>"),
        ("[caption id='1']Words[/caption] [1]", "Words [1]"),
        ("Bread & salt < 5", "Bread &amp; salt &lt; 5"),
    ],
)
def test_small_things(came, left):
    assert clean(came) == left


def test_players_become_links_and_a_poster_a_linked_picture():
    assert clean('<iframe src="https://www.youtube.com/embed/abcdefghijk?feature=oembed"></iframe>') == (
        '<p><a href="https://www.youtube.com/watch?v=abcdefghijk">▶ YouTube</a></p>'
    )
    video = clean('<video poster="/p.jpg" title="March"><source src="/v.mp4"></video>')
    assert '<a href="https://news.example.org/v.mp4"><img' in video
    assert 'src="https://news.example.org/p.jpg"' in video
    assert "▶ news.example.org" in clean('<audio src="https://news.example.org/a.mp3"></audio>')


def test_lazy_and_many_sized_pictures_become_one_real_picture():
    lazy = clean('<img src="data:image/gif;base64,R0" data-src="/real.jpg" alt="Bread">')
    assert 'src="https://news.example.org/real.jpg"' in lazy
    sized = clean('<img src="/s.jpg" srcset="/300.jpg 300w, /1000.jpg 1000w, /2000.jpg 2000w" width="2000">')
    assert 'src="https://news.example.org/1000.jpg"' in sized
    assert 'width="600"' in sized


def test_figures_tables_and_quotes_survive():
    html = (
        '<figure><img src="https://e.org/a.jpg" alt="A" width="300"><figcaption>Who</figcaption></figure>'
        '<table><thead><tr><th scope="col">Year</th></tr></thead><tbody><tr><td colspan="2">2026</td></tr></tbody></table>'
        "<blockquote><p>Said.</p></blockquote>"
    )
    left = clean(html)
    for piece in (
        "<figcaption>Who</figcaption>",
        '<th scope="col">Year</th>',
        '<td colspan="2">2026</td>',
        "<blockquote>",
    ):
        assert piece in left


def test_ghosts_cards_keep_their_words(data):
    html = json.loads((data / "ghost-post-published.json").read_text())["json"]["post"]["current"]["html"]
    left = clean(html)
    assert "Gallery caption" in left
    assert re.findall(r'(?:src|href)="(?!https?://|mailto:|#)', left) == []
    for gone in ("<button", "<iframe", "<svg", "<script", "srcset", "class="):
        assert gone not in left
    plain = cleaning.text(left)
    assert "<" not in plain
    assert "Toggle heading\n\nHidden text" in plain
