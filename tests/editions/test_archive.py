"""The feed of what was sent: the newsletter's own editions, for everybody alike."""

from datetime import UTC, datetime

import pytest
from lxml import etree, html

from dispatch.articles.models import Article
from dispatch.delivery import ledger
from dispatch.editions import planning, rendering
from dispatch.editions.models import Edition

ATOM = {"a": "http://www.w3.org/2005/Atom"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(newsletter, article):
    """A newsletter whose story went out in English."""
    made = newsletter()
    planning.plan(article("en", title="A reading room opens"))
    edition = Edition.objects.get()
    rendering.render(edition.pk)
    ledger.enlist(edition.pk)
    return made


def feed_of(client, newsletter, language="en"):
    return client.get(f"/archive/{newsletter.slug}/{language}.atom")


def test_a_feed_names_what_was_sent_with_a_page_that_is_the_same_for_everybody(client, sent):
    answer = feed_of(client, sent)
    assert answer["Content-Type"].startswith("application/atom+xml")
    root = etree.fromstring(answer.content)
    (entry,) = root.findall("a:entry", ATOM)
    address = entry.find("a:link", ATOM).get("href")
    assert "A reading room opens" in entry.find("a:title", ATOM).text
    assert client.get(address.removeprefix("http://dispatch.test")).status_code == 200
    assert not answer.cookies


def test_a_language_in_which_nothing_was_said_has_an_empty_feed_and_one_that_is_not_spoken_has_none(client, sent):
    assert b"<entry" not in feed_of(client, sent, "be").content
    assert feed_of(client, sent, "fr").status_code == 404


def test_what_waits_or_was_taken_back_is_not_listed(client, sent):
    Article.objects.update(state="withdrawn")
    assert b"<entry" not in feed_of(client, sent).content
    Article.objects.update(state="published")
    Edition.objects.update(enlisted_at=None)
    assert b"<entry" not in feed_of(client, sent).content


def page_of(client, newsletter, language="en"):
    return client.get(f"/archive/{newsletter.slug}/{language}")


def test_a_newsroom_can_keep_no_archive(client, sent):
    sent.archived = False
    sent.save()
    assert (feed_of(client, sent).status_code, page_of(client, sent).status_code) == (404, 404)


def test_the_page_lists_what_was_sent_with_its_day_and_leads_to_the_feed(client, sent):
    Edition.objects.update(enlisted_at=datetime(2026, 11, 23, 22, 30, tzinfo=UTC))  # the 24th in Vilnius
    answer = page_of(client, sent)
    page = html.fromstring(answer.text)
    (letter,) = page.xpath("//ol[@class='letters']//a")
    assert "A reading room opens" in letter.text
    assert client.get(letter.get("href").removeprefix("http://dispatch.test")).status_code == 200
    assert [(day.get("datetime"), day.text) for day in page.iter("time")] == [("2026-11-24", "24 November 2026")]
    feeds = page.xpath("//link[@rel='alternate']/@href | //p[@class='aside']/a/@href")
    assert feeds == [f"/archive/{sent.slug}/en.atom"] * 2
    assert not answer.cookies
    assert answer["X-Robots-Tag"] == "noindex, nofollow"


def test_the_page_of_a_language_says_so_where_nothing_left_in_it_and_leads_to_the_others(client, sent):
    page = html.fromstring(page_of(client, sent, "be").text)
    assert "яшчэ" in page.text_content()
    assert page.xpath("//nav/a/text()") == ["English", "Беларуская", "Русский"]
    assert page.xpath("//nav/a[@aria-current]/@lang") == ["be"]
    assert page_of(client, sent, "fr").status_code == 404


def test_the_page_lists_nothing_that_was_taken_back_and_reads_from_right_to_left_where_its_language_does(client, sent):
    sent.languages = ["en", "ar"]
    sent.save()
    Article.objects.update(state="withdrawn")
    assert not html.fromstring(page_of(client, sent).text).find_class("letters")
    assert html.fromstring(page_of(client, sent, "ar").text).get("dir") == "rtl"


def test_letters_name_working_mirrors_of_the_site(imagine, settings):
    assert "blocked" not in imagine({"title": "Bridges"}).text
    settings.MIRRORS = ("https://mirror.example.net",)
    letter = imagine({"title": "Bridges"})
    assert "If the site is blocked where you are, read it here:\nhttps://mirror.example.net\n" in letter.text
    assert 'href="https://mirror.example.net"' in letter.html
