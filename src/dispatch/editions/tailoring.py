"""What an edition for readers with rhythms of their own says: one variant for all who are owed the same."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dispatch.articles.models import Article
from dispatch.editions import departures, following, gathering
from dispatch.editions.departures import Reader, Table, Telling
from dispatch.editions.models import Edition


@dataclass(frozen=True, slots=True, order=True)
class Cut:
    """What makes a variant: whose language, how, and what it tells."""

    language: str
    discreet: bool
    telling: Telling


def contents(edition: Edition) -> list[gathering.Contents]:
    """Every variant that somebody is waiting for now. Empty: nobody is owed anything that can be told."""
    table = departures.table(edition.newsletter, edition.due_at)
    cuts = sorted(cuts_of(table, departures.due(edition)))
    versions = _versions(table, {number for cut in cuts for number, _ in cut.telling})
    digests = following.digests(edition) if cuts else {}
    return [_contents(cut, versions, digests) for cut in cuts]


def cuts_of(table: Table, readers: Iterable[Reader]) -> set[Cut]:
    """The variants that these readers need."""
    found = {(one.language, one.discreet, table.telling(one, table.owed(one))) for one in readers if not one.is_away}
    return {Cut(*cut) for cut in found if cut[2]}


def labels(telling: Telling) -> list[str]:
    """As a variant keeps it: "12/be"."""
    return [f"{number}/{language}" for number, language in telling]


def telling(labels: Iterable[str]) -> Telling:
    """What `labels` made of it, again."""
    parts = (label.partition("/") for label in labels)
    return tuple((int(number), language) for number, _, language in parts)


def _versions(table: Table, numbers: set[int]) -> Mapping[tuple[int, str], gathering.Told]:
    stories = {table.offers[number].story: number for number in numbers}
    published = Article.objects.filter(story__in=stories, state=Article.State.PUBLISHED, current__isnull=False)
    articles = list(published.select_related("current"))
    first = {one.story_id: one.published_at for one in sorted(articles, key=lambda one: one.published_at, reverse=True)}
    return {
        (stories[one.story_id], one.language): gathering.told(one, first[one.story_id], stories[one.story_id])
        for one in articles
    }  # fmt: skip


def _contents(
    cut: Cut, versions: Mapping[tuple[int, str], gathering.Told], digests: Mapping[frozenset[int], following.Digest]
) -> gathering.Contents:
    """The newest first, or as a digest of the very same stories has it."""
    stories = [versions[part] for part in cut.telling]
    stories.sort(key=lambda told: (told.published_at, told.article.story_id), reverse=True)
    digest = digests.get(frozenset(told.article.story_id for told in stories))
    if digest is None:
        return gathering.Contents(cut.language, tuple(stories), cut.telling, cut.discreet)
    said = digest.said.get(cut.language)
    return gathering.Contents(cut.language, tuple(digest.ordered(stories)), cut.telling, cut.discreet, said)
