"""What an edition says, in each language it has something to say in: rows in, values out."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dispatch.articles import embargo
from dispatch.articles.models import Article, Revision
from dispatch.editions.models import OWN, Edition, EditionStory, Variant
from dispatch.editions.phrasing import Said


@dataclass(frozen=True)
class Told:
    """A story as one variant tells it."""

    article: Article
    revision: Revision
    published_at: datetime  # of the story's first version
    number: int = 0  # its Item's, in an edition for readers' own rhythms


@dataclass(frozen=True)
class Contents:
    """One variant's stories, in order."""

    language: str
    stories: tuple[Told, ...]
    telling: tuple[tuple[int, str], ...] = ()  # of an edition for readers' own rhythms; see departures.py
    discreet: bool = False
    said: Said | None = None  # a digest's words, where an edition for readers' own rhythms tells the same


def contents(edition: Edition) -> list[Contents]:
    """One variant for each language that any of the stories is published in, in the newsletter's order of languages.

    A story that lacks the variant's language is told in the first of the newsletter's languages that it has.
    Empty: there is nothing to say (any more).
    """
    told = _told_before(edition)
    speaking = _languages(edition)
    found = []
    for language in speaking:
        stories = _stories(edition, leaving_out=told.get(language, set()))
        if any(language in story for story in stories):
            found.append(Contents(language, _tell(stories, [language, *speaking])))
    return found


def _told_before(edition: Edition) -> dict[str, set[int]]:
    """The stories that are here again for a language's sake, by the languages that they were told in."""
    again = EditionStory.objects.filter(edition=edition, is_further=True).values_list("story", flat=True)
    variants = Variant.objects.filter(edition__newsletter=edition.newsletter_id).exclude(edition__slot__startswith=OWN)
    told: dict[str, set[int]] = defaultdict(set)
    for language, story in variants.filter(edition__stories__story__in=list(again)).values_list(
        "language", "edition__stories__story"
    ):
        told[language].add(story)
    return told


def told(article: Article, published_at: datetime, number: int = 0) -> Told:
    """An article as it stands now; `published_at` is its story's first moment."""
    assert article.current
    return Told(article, article.current, published_at, number)


def _languages(edition: Edition) -> list[str]:
    """Of a further edition ("story:12/be") only the language that came later."""
    _, _, later = edition.slot.partition("/")
    return [later] if later else list(edition.newsletter.languages)


def _stories(edition: Edition, leaving_out: set[int]) -> list[dict[str, Article]]:
    """Each story's published versions by language: as an editor placed them, then the newest first."""
    rows = list(EditionStory.objects.filter(edition=edition).exclude(story__in=leaving_out))
    place = {row.story_id: row.position or math.inf for row in rows}
    published = Article.objects.filter(
        embargo.free(),
        story__in=place,
        state=Article.State.PUBLISHED,
        language__in=_languages(edition),
        current__isnull=False,
    )
    stories: dict[int, dict[str, Article]] = defaultdict(dict)
    for article in published.select_related("current"):
        stories[article.story_id][article.language] = article
    order = sorted(stories, key=lambda story: (place[story], -_first(stories[story].values()).timestamp(), story))
    return [stories[story] for story in order]


def _first(articles: Iterable[Article]) -> datetime:
    return min(article.published_at for article in articles)


def _tell(stories: list[dict[str, Article]], wanted: list[str]) -> tuple[Told, ...]:
    chosen = [(next(story[language] for language in wanted if language in story), story) for story in stories]
    return tuple(told(article, _first(story.values())) for article, story in chosen)
