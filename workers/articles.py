"""Articles: plan what came in, ask what a webhook missed."""

import logging

from django.utils import timezone

from dispatch import logs, queue
from dispatch.articles import arrivals, embargo, polling
from dispatch.articles.models import Article, Source
from dispatch.editions import planning as editions
from dispatch.social import planning as social

log = logging.getLogger(__name__)


@queue.task("articles.take_in")
def take_in(source_id: int) -> None:
    """Take in what webhooks of a source brought, and plan each article at once: no doorbell to wait for."""
    for article_id in arrivals.take_in(source_id):
        plan_article(article_id)


@queue.task("articles.plan_article")
def plan_article(article_id: int) -> None:
    """Let editions and channels decide what to make of it. Planning twice makes nothing twice."""
    article = Article.objects.select_related("current", "story").filter(pk=article_id, planned_at=None).first()
    if article is None:
        return
    _say(article)
    is_gone = article.state == Article.State.WITHDRAWN
    for room in (editions, social):
        (room.withdraw if is_gone else room.plan)(article)
    as_seen = {"current": article.current, "state": article.state}  # what changed meanwhile is planned again
    Article.objects.filter(embargo.free(), pk=article_id, **as_seen).update(planned_at=timezone.now())


def _say(article: Article) -> None:
    """What no webhook began, it begins itself."""
    logs.follow(logs.trail.get() or f"article:{article.pk}")
    log.info("article planned", extra={"article": article.pk, "revision": article.current_id})


@queue.task("articles.poll_source")
def poll_source(source_id: int) -> None:
    """Ask a source what is new."""
    polling.poll(Source.objects.get(pk=source_id))


@queue.task("articles.fetch_article")
def fetch_article(source_id: int, external_id: str) -> None:
    """Fetch what a hint pointed at."""
    polling.fetch_one(Source.objects.get(pk=source_id), external_id)
