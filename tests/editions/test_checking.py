"""The last look at a finished mail, and what becomes of pictures."""

import pytest
from lxml import html as parser

from dispatch.editions import bodies, checking, guarding, wording

CANARY = "https://canary.example.net/x.png"
HOSTS = ["media.example.org"]
POLICY = bodies.Policy(HOSTS, wording.words("en"), "https://news.example.org/1")

CALLS = [
    f'<img src="{CANARY}">',
    '<img src="//canary.example.net/x.png">',
    '<img src="http://media.example.org/x.png">',
    '<img src="https://media.example.org.canary.example.net/x.png">',
    '<img src="https://media.example.org@canary.example.net/x.png">',
    f'<img src="cid:a" srcset="{CANARY} 2x">',
    f'<table><tr><td background="{CANARY}">x</td></tr></table>',
    f'<p style="background:url({CANARY})">x</p>',
    f'<p style="background:u\\72l({CANARY})">x</p>',
    f'<style>@import "{CANARY}";</style>',
    f"<style>p {{ background: image-set('{CANARY}' 1x) }}</style>",
    f"<style>@font-face {{ font-family: x; src: URL ({CANARY}) }}</style>",
    f'<link rel="stylesheet" href="{CANARY}">',
    f'<video poster="{CANARY}"></video>',
    f'<object data="{CANARY}"></object>',
    f'<iframe src="{CANARY}"></iframe>',
    f'<svg><image xlink:href="{CANARY}"/></svg>',
    f'<meta http-equiv="refresh" content="0;url={CANARY}">',
    f'<base href="{CANARY}">',
    f'<a href="https://news.example.org" ping="{CANARY}">x</a>',
    f'<form action="{CANARY}"><input type="submit"></form>',
    f'<!--[if mso]><v:rect><v:fill src="{CANARY}"/></v:rect><![endif]-->',
    f'<!--[if !mso]><!--><img src="{CANARY}"><!--<![endif]-->',
    '<script>fetch("x")</script>',
    '<p onclick="x()">x</p>',
    '<a href="javascript:x()">x</a>',
    '<a href="data:text/html,x">x</a>',
]


@pytest.mark.parametrize("call", CALLS)
def test_whatever_would_call_home_or_run_is_found(call):
    assert checking.troubles(f"<html><body><p>Hello</p>{call}</body></html>", POLICY.allows)


@pytest.mark.parametrize(
    "quiet",
    [
        '<img src="https://media.example.org/x.png">',
        '<img src="cid:a">',
        '<a href="https://anywhere.example.net/x">x</a>',
        '<a href="mailto:desk@example.org">x</a>',
        '<a href="#footnote">x</a>',
        '<p style="color:#fff">url</p>',
        "<!-- a remark -->",
        "<!--[if mso]><table><tr><td><![endif]-->",
    ],
)
def test_what_only_speaks_is_let_pass(quiet):
    assert checking.troubles(f"<html><body>{quiet}</body></html>", POLICY.allows) == []


REPAIRED = ("<img", "<a ", "<!--", "<link")  # by bodies.py, or left out when styles are inlined


@pytest.mark.parametrize("call", [call for call in CALLS if not call.startswith(REPAIRED)])
def test_a_letter_that_would_call_home_is_not_made(imagine, call):
    with pytest.raises(guarding.Unrenderable, match="not be safe"):
        imagine({"html": f"<p>Hello</p>{call}"})


def test_a_picture_from_elsewhere_becomes_a_linked_line(imagine):
    letter = imagine({"html": f'<p>a<img src="{CANARY}" alt="A  bridge">b</p>', "url": "https://news.example.org/1"})
    said = parser.document_fromstring(letter.html).find_class("picture")[0]
    assert (said.text, said.tail, said.get("href")) == (
        "Picture: A bridge — see it on the site", "b", "https://news.example.org/1",
    )  # fmt: skip
    assert "canary" not in letter.html


def test_a_picture_in_a_link_does_not_become_a_link_in_a_link():
    tamed = bodies.tame(f'<a href="https://news.example.org/2"><img src="{CANARY}"></a>', POLICY)
    assert tamed == (
        '<a href="https://news.example.org/2"><span class="picture">Picture — see it on the site</span></a>'
    )


def test_a_picture_from_the_newsrooms_host_stays_within_the_margins():
    tamed = bodies.tame('<img src="https://media.example.org/x.png" width="1200" height="800" srcset="x 2x">', POLICY)
    assert tamed == '<img src="https://media.example.org/x.png" width="552">'


def test_a_lead_picture_is_shown_from_the_newsrooms_host_only(imagine):
    own = {"picture_url": "https://media.example.org/x.png", "picture_alt": "Мост\u00a0«A»"}
    shown = parser.document_fromstring(imagine(own, hosts=HOSTS).html).find(".//img")
    assert (shown.get("src"), shown.get("alt")) == (own["picture_url"], own["picture_alt"])
    assert "x.png" not in imagine(own).html


def test_a_story_without_an_address_gets_no_dead_link(imagine):
    letter = imagine({"url": "", "html": f'<p><img src="{CANARY}" alt="A bridge"><a href="/about">x</a></p>'})
    root = parser.document_fromstring(letter.html)
    assert "Picture: A bridge" in root.text_content()
    assert all(link.get("href") != "" for link in root.iter("a"))
    assert "Read on the site" not in root.text_content()
