"""Whose items are: the newsletters and channels that an act upon them may reach. Whoever is limited to a desk must be at home
in each of them."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Q

from dispatch.accounts import desks
from dispatch.articles.models import Article
from dispatch.audience.models import Newsletter
from dispatch.social.models import Channel


def of(kind: str, things: list[Any]) -> Iterable[desks.Owned]:
    """Of all of these together; readers are named by their send's number and their own."""
    return OF[kind](things) if things else []


def everything() -> list[desks.Owned]:
    """Each newsletter and channel: what a CMS says, and nobody has taken in, may become mail and posts of any."""
    return [*Newsletter.objects.all(), *Channel.objects.all()]


def _of_articles(articles: list[Article]) -> list[desks.Owned]:
    """Those that have something of their stories, and those of their languages, which may bring them."""
    told, stories = {one.language for one in articles}, {one.story_id for one in articles}
    newsletters = Newsletter.objects.filter(
        Q(active=True, languages__overlap=list(told)) | Q(editions__stories__story__in=stories)
    )
    speaking = Q(languages=[]) | Q(languages__has_any_keys=list(told))
    channels = Channel.objects.filter(Q(speaking, active=True) | Q(posts__story__in=stories))
    return [*newsletters.distinct(), *channels.distinct()]


def _of_readers(pairs: list[tuple[int, int]]) -> list[desks.Owned]:
    return list(Newsletter.objects.filter(editions__send__in={send for send, _ in pairs}).distinct())


OF: dict[str, Callable[[list[Any]], Iterable[desks.Owned]]] = {
    "webhook": lambda _: everything(),
    "article": _of_articles,
    "edition": lambda things: [one.newsletter for one in things],
    "chunk": lambda things: [one.send.edition.newsletter for one in things],
    "reader": _of_readers,
    "letter": lambda things: [one.newsletter for one in things],
    "post": lambda things: [one.channel for one in things],
}
