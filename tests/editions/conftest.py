"""The newsroom of these tests: its newsletters and stories, stored or only imagined."""

import itertools
import json
import shutil
from concurrent import futures
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.apps import apps

SAMPLES = {path.stem: json.loads(path.read_text()) for path in (Path(__file__).parent / "samples").glob("*.json")}
MORNING = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)

numbers = itertools.count(1)


def model(name: str):
    """A model by name: pytest reads this file before Django is set up."""
    return apps.get_model(name)


@pytest.fixture
def samples():
    """Stories as a newsroom writes them, by language."""
    return SAMPLES


@pytest.fixture
def rung(monkeypatch):
    """The doorbells that were rung, instead of a broker."""
    rung = []
    monkeypatch.setattr("dispatch.queue.enqueue", lambda task, *ids: rung.append((task, *ids)))
    return rung


@pytest.fixture
def newsletter(db, rung):
    """Make a newsletter: `newsletter(cadence="daily")`."""

    def make(**fields):
        names = {language: sample["newsletter"] for language, sample in SAMPLES.items()}
        given = {
            "names": names,
            "languages": ["en", "be", "ru"],
            "from_name": "Desk",
            "from_address": "desk@example.org",
        }
        return model("audience.Newsletter").objects.create(slug=f"newsletter-{next(numbers)}", **{**given, **fields})

    return make


@pytest.fixture
def article(db, rung):
    """Publish an article: `article("be", story=other.story, title="…")`."""

    def make(language="en", story=None, **fields):
        number = next(numbers)
        source, _ = model("articles.Source").objects.get_or_create(slug="desk", kind="desk")
        own = {key: fields.pop(key) for key in ("state", "visibility", "published_at", "url") if key in fields}
        made = model("articles.Article").objects.create(
            story=story or model("articles.Story").objects.create(key=f"desk:{number}"),
            language=language,
            source=source,
            external_id=str(number),
            **{"published_at": MORNING, "url": f"https://news.example.org/{number}", **own},
        )
        _revise(made, **fields)
        return made

    return make


@pytest.fixture
def revise():
    """Give an article a new current revision: `revise(article, title="…")`."""
    return _revise


def _revise(article, **fields) -> None:
    given = {
        "title": f"Story {article.id}",
        "html": "<p>Body.</p>",
        "text": "Body.",
        "updated_at": MORNING,
        "hash": b"",
    }
    number = article.revisions.count() + 1
    article.current = model("articles.Revision").objects.create(article=article, number=number, **{**given, **fields})
    article.save()


@pytest.fixture
def imagine():
    """Render a letter of stories that nobody stored: `imagine({"title": "…"}, language="ru", cadence="daily")`."""

    from dispatch.editions import gathering, rendering

    def draft(*stories, language="en", hosts=(), cadence="each", languages=("en", "be", "ru"), **fields):
        names = {code: sample["newsletter"] for code, sample in SAMPLES.items()}
        newsletter = model("audience.Newsletter")(
            slug="desk", names=names, languages=list(languages), cadence=cadence, picture_hosts=list(hosts), **fields
        )
        edition = model("editions.Edition")(
            newsletter=newsletter, slot="2026-11-23", public_id="Zm9vYmFyYmF6", due_at=MORNING
        )
        told = tuple(_told(story, language) for story in stories)
        return rendering.draft(edition, gathering.Contents(language, told), languages)

    return draft


def _told(story: dict, language: str):
    from dispatch.editions import gathering

    given = {"title": "A story", "html": "<p>Body.</p>", "text": "Body.", **story}
    own = {key: given.pop(key) for key in ("visibility", "language") if key in given}
    number = next(numbers)
    url = given.pop("url", f"https://news.example.org/{number}")
    article = model("articles.Article")(story_id=number, url=url, published_at=MORNING, **{"language": language, **own})
    return gathering.Told(article, model("articles.Revision")(article=article, **given), MORNING)


@pytest.fixture(scope="session")
def in_browser():
    """Run `act(browser)` with one Chromium, in a thread of its own: its event loop must not meet the database's."""
    from playwright import sync_api

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    arguments = ["--no-sandbox", "--disable-quic"]
    with futures.ThreadPoolExecutor(1) as thread:
        playwright = thread.submit(lambda: sync_api.sync_playwright().start()).result()
        browser = thread.submit(lambda: playwright.chromium.launch(executable_path=path, args=arguments)).result()
        yield lambda act: thread.submit(act, browser).result()
        thread.submit(browser.close).result()
        thread.submit(playwright.stop).result()
