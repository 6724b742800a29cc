"""A post's automatic text: within its network's limits whatever the article says, the link whole, cut between words."""

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.articles.models import Article, Revision
from dispatch.social import composing, networks
from dispatch.social.networks.base import Account

NETWORKS = ("x", "mastodon", "bluesky", "telegram")
LINK = "https://office.example.org/be/навіны/чытальня?from=dispatch&a=1"
letters = st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"])
pieces = st.text(letters, max_size=12) | st.sampled_from(
    ["Навіны", "👩\u200d👩\u200d👧", "🇧🇾", "e\u0301", "{{ title }}", "…"]
)
texts = st.lists(pieces, max_size=150).map(" ".join)
accounts = st.sampled_from([{}, {"statuses": {"max_characters": 140, "characters_reserved_per_url": 23}}])


def compose(name, title, summary="", *, link=LINK, language="be", known=None):
    article = Article(url=link, language=language)
    article.current = Revision(title=title, summary=summary)
    account = Account(server="", name="office", credentials={}, known=known or {})
    return composing.compose(name, article, account), account


@pytest.mark.parametrize("name", NETWORKS)
@settings(max_examples=60, deadline=None)
@given(title=texts, summary=texts, known=accounts)
def test_an_automatic_text_fits_keeps_its_link_and_cuts_no_character(name, title, summary, known):
    text, account = compose(name, title, summary, known=known)
    assert composing.fits(networks.get(name), text, account)
    assert text.endswith(LINK)
    said, title, summary = (" ".join(part.split()) for part in (text.removesuffix(LINK), title, summary))
    if said not in {title, f"{title} {summary}".strip()}:
        assert said.endswith(composing.MARK)
        kept = regex.findall(r"\X", said.removesuffix(composing.MARK))
        assert regex.findall(r"\X", title)[: len(kept)] == kept


@pytest.mark.parametrize("name", NETWORKS)
def test_a_short_article_is_said_whole(name):
    text, _ = compose(name, "Чытальня адкрылася", "Яна працуе штодня.")
    assert text.startswith("Чытальня адкрылася\n\n")
    assert text.endswith(f"\n\n{LINK}")


def test_the_summary_goes_before_the_title_is_cut():
    text, _ = compose("x", "Чытальня адкрылася", "слова " * 100)
    assert text == f"Чытальня адкрылася\n\n{LINK}"


def test_a_long_title_is_cut_between_words_and_says_so():
    text, account = compose("x", "слова " * 100)
    title = text.partition("\n")[0]
    assert title == "слова " * 41 + "слова…"
    assert 280 - 6 < networks.get("x").count(text, account) <= 280


def test_a_word_longer_than_the_post_is_cut_between_characters():
    text, account = compose("bluesky", "👩\u200d👩\u200d👧" * 400, link="https://example.org/1")
    assert networks.get("bluesky").count(text, account) <= 300
    assert len(text.encode()) <= 3000
    assert text.partition("…")[0].replace("👩\u200d👩\u200d👧", "") == ""


def test_an_article_without_an_address_is_said_without_a_link():
    text, _ = compose("mastodon", "Чытальня адкрылася", link="")
    assert text == "Чытальня адкрылася"


def test_a_newsrooms_own_template_comes_first(tmp_path, monkeypatch):
    (tmp_path / "social").mkdir()
    (tmp_path / "social" / "x.txt").write_text("{{ language }}: {{ title }} {{ link }}")
    monkeypatch.setattr("dispatch.templating.folders", lambda: [tmp_path])
    assert compose("x", "Чытальня")[0] == f"be: Чытальня {LINK}"
