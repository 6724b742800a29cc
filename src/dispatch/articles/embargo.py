"""A story's embargo: nothing of it leaves, or is shown outside, before its minute; then all of it goes on by itself.

Posts are planned meanwhile, for that minute at the earliest, so that editors can prepare them; editions take the story in
when it is lifted. Each claim asks once more (claim.sql of delivery and of social), for what was planned before it came.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dispatch import queue
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.articles.models import Article, Story


def free(now: datetime | None = None) -> Q:
    """For articles, or whatever has a story: those whose story is under no embargo."""
    return Q(story__embargo_until=None) | Q(story__embargo_until__lte=now or timezone.now())


def holds(story: Story, now: datetime | None = None) -> bool:
    """Whether nothing of it may leave yet."""
    return story.embargo_until is not None and story.embargo_until > (now or timezone.now())


def would_shorten(story: Story, until: datetime) -> bool:
    """Whether one until this moment would let go earlier than what holds it."""
    return holds(story) and story.embargo_until is not None and until < story.embargo_until


@transaction.atomic
def place(story_id: int, until: datetime | None, by: User | None, reason: str) -> bool:
    """Put a story under embargo until a moment, or lift it (None), and plan it anew. False: it is so already."""
    changed = Story.objects.filter(pk=story_id).exclude(embargo_until=until).update(embargo_until=until)
    if changed:
        words = f"until {until:%Y-%m-%d %H:%M} UTC. {reason}" if until else reason
        audit.record(by, "story.embargo" if until else "story.lift_embargo", f"story:{story_id}", words[:300])
        plan_anew(story_id)
    return bool(changed)


def plan_anew(story_id: int) -> list[int]:
    """Have every version of a story looked at again. Which they are."""
    versions = list(Article.objects.filter(story=story_id).values_list("pk", flat=True))
    Article.objects.filter(pk__in=versions).update(planned_at=None)
    for number in versions:
        queue.enqueue("articles.plan_article", number)
    return versions
