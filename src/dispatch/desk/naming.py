"""What people call things: a newsletter by its name, an edition by what it brings."""

from collections.abc import Iterable

from django.db.models import Prefetch, QuerySet

from dispatch import saying
from dispatch.articles.models import Article
from dispatch.audience.models import Newsletter
from dispatch.editions.models import Edition

UNTITLED = "(no title)"


def titles(path: str = "") -> "Prefetch[str, QuerySet[Article], str]":
    """For a queryset whose `path` leads to editions: what `brings` reads, in three queries for them all."""
    return versions(f"{path}stories__story__")


def versions(path: str = "") -> "Prefetch[str, QuerySet[Article], str]":
    """The same for a queryset whose `path` leads to stories: what `title` reads."""
    articles = Article.objects.select_related("current").defer("current__html", "current__text").order_by("id")
    return Prefetch(f"{path}articles", articles)


def newsletter(one: Newsletter) -> str:
    """Its name, in English where it has one."""
    return str(one.names.get("en") or next(iter(one.names.values()), one.slug))


def title(articles: Iterable[Article]) -> str:
    """Of the first version that has one."""
    return next((article.current.title for article in articles if article.current), UNTITLED)


def brings(edition: Edition) -> str:
    """ "A reading room opens, and 2 more"; empty while it has no story."""
    if edition.is_correction:
        return f"Correction: {title(edition.correction.story.articles.all())}"
    first, *others = [title(place.story.articles.all()) for place in edition.stories.all()] or [""]
    return f"{first}, and {saying.number(len(others))} more" if others else first
