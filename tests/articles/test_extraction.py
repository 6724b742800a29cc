"""An article out of a page, or of text copied from one; and the commands that bring it."""

import argparse
from datetime import date

import pytest

from dispatch.articles import bringing, extraction
from dispatch.articles.commands import publish, source
from dispatch.articles.models import Article, Source

PAGE = """<!doctype html><html><head><title>Bread is dearer</title>
<meta property="article:published_time" content="2026-01-02"></head><body>
<nav><a href="/">Home</a><a href="/about">About us and other things</a></nav>
<article><h1>Bread is dearer</h1>
<p>The price of bread rose by a tenth in a month, the office of statistics says in its report of Friday.</p>
<p>It is the third month in a row in which the price of bread has risen, and milk has followed it since spring.</p>
<p>Shops in the west of the country tell that people buy less of it than they did in the year before this one.</p>
</article><footer>All rights reserved, write to us</footer></body></html>"""
TEXT = "Bread is dearer\n\n2 студзеня 2026\n\nThe price rose.\n\nIt will rise again.\n"


def test_the_newsrooms_own_article_comes_out_whole_and_alone(data):
    text = (data / "article-2024-03-20.txt").read_text()
    found = extraction.from_text(text)
    assert found.title.startswith("Release for political prisoners and accountability")
    assert found.title.endswith("discussed Belarus")
    assert found.published == date(2024, 3, 20)
    paragraphs = found.html.split("\n")[:-1]
    assert len(paragraphs) == 8
    assert paragraphs[0].startswith("<p>Today, during the 55th session")
    assert paragraphs[-1].endswith("international human rights organizations.</p>")
    for navigation in ("Partners", "Contacts", "New Belarus", "Last news", "March 20"):
        assert navigation not in found.html


def test_plain_text_without_navigation():
    found = extraction.from_text(TEXT)
    assert (found.title, found.published) == ("Bread is dearer", date(2026, 1, 2))
    assert found.html == "<p>The price rose.</p>\n<p>It will rise again.</p>\n"


@pytest.mark.parametrize("written", ["2026-01-02", "02.01.2026", "January 2, 2026", "2 января 2026 г.", "2 січня 2026"])
def test_a_date_in_any_of_our_languages(written):
    assert extraction.from_text(f"Title\n{''}\n{written}\n\nWords.").published == date(2026, 1, 2)


def test_marks_of_html_in_text_are_only_marks():
    assert extraction.from_text("T\n\na < b & c.").html == "<p>a &lt; b &amp; c.</p>\n"


@pytest.mark.parametrize("text", ["", "• Home\n• About", "One sentence."])
def test_text_without_an_article_is_refused_in_words(text):
    with pytest.raises(extraction.Nothing):
        extraction.from_text(text)


def test_a_title_may_be_said_where_there_is_none():
    assert extraction.from_text("One sentence.", title="Said").title == "Said"


def test_a_page_gives_its_article_and_nothing_around_it():
    found = extraction.from_page(PAGE)
    assert (found.title, found.published) == ("Bread is dearer", date(2026, 1, 2))
    assert "third month" in found.html
    assert "Home" not in found.html


@pytest.mark.django_db
def test_publish_brings_a_file_once_and_its_translation_into_the_same_story(tmp_path, capsys):
    def run(name, text, language, *more):
        path = tmp_path / name
        path.write_text(text)
        parser = argparse.ArgumentParser()
        publish.add_arguments(parser)
        return publish.run(parser.parse_args([str(path), "--language", language, *more])), capsys.readouterr()

    assert run("a.txt", TEXT, "en", "--story", "bread")[0] == 0
    status, said = run("a.txt", TEXT, "en", "--story", "bread")
    assert (status, said.out.split()[0]) == (0, "unchanged")
    assert run("b.html", PAGE, "ru", "--story", "bread", "--title", "Хлеб дорожает")[0] == 0
    assert set(Article.objects.values_list("story__key", "language")) == {("bread", "en"), ("bread", "ru")}
    status, said = run("c.txt", "", "en")
    assert status == 1
    assert said.err.startswith("dispatch publish: ")
    assert run("a.txt", TEXT, "English")[0] == 1


@pytest.mark.django_db
def test_a_page_is_brought_from_its_address_in_its_own_charset(site):
    site.put(
        "/a", PAGE.replace("tenth", "десятую").encode("cp1251"), **{"Content-Type": "text/html; charset=windows-1251"}
    )
    text, url = bringing.read(f"{site.url}/a")
    _, found = bringing.bring(text, language="en", url=url)
    assert "десятую" in found.current.text
    assert found.url == f"{site.url}/a"
    with pytest.raises(bringing.Unreadable, match="answers 404"):
        bringing.read(f"{site.url}/nothing")


@pytest.mark.django_db
def test_a_source_shows_its_secret_once_and_keeps_it_sealed(capsys):
    def run(*words):
        parser = argparse.ArgumentParser()
        source.add_arguments(parser)
        return source.run(parser.parse_args(words)), capsys.readouterr().out

    status, said = run("add", "ghost", "--slug", "blog", "--language-tag", "be=hash-be")
    secret = said.strip().rpartition(" ")[2]
    assert status == 0
    assert "/hooks/blog" in said
    found = Source.objects.get()
    assert secret.encode() not in bytes(found.secrets)
    assert found.language_tags == {"be": "hash-be"}
    assert secret not in run("list")[1]
    assert run("add", "ghost", "--slug", "blog")[0] == 1
    assert run("set", "--slug", "nowhere")[0] == 1
    assert "Secret" in run("set", "--slug", "blog", "--new-secret")[1]
    assert run("set", "--slug", "blog", "--name", "Our blog") == (
        0,
        f"blog is saved. Webhook: {'http://dispatch.test'}/hooks/blog\n",
    )
