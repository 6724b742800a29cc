"""News and what was news: a revision of an old story makes nothing by itself, whatever channel or newsletter came since."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from dispatch.accounts import audit
from dispatch.articles.models import Article

LIFTED = "story.lift_embargo"


def is_old(article: Article) -> bool:
    """Whether it was published, came here and left its embargo longer ago than the newsroom's limit (0: nothing ever is)."""
    limit = settings.OLD_STORY_DAYS
    if not limit:
        return False
    edge = timezone.now() - timedelta(days=limit)
    return max(article.published_at, article.story.embargo_until or article.published_at) < edge and _is_long_here(
        article, edge
    )


def _is_long_here(article: Article, edge: datetime) -> bool:
    """A date of publication may be older than what it dates; an embargo that was lifted leaves no date."""
    came = article.revisions.order_by("number").values_list("received_at", flat=True).first()
    if came is None or came >= edge:
        return False
    lifted = audit.last(f"story:{article.story_id}", (LIFTED,))
    return lifted is None or lifted.at < edge
