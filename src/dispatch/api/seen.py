"""What a token may see: nothing of a story under embargo before its minute, unless it may read those too."""

from typing import Any, TypeVar

from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils import timezone

from dispatch.accounts.models import AuditEntry, Token
from dispatch.api.problems import Problem
from dispatch.api.tokens import Scope
from dispatch.articles import embargo
from dispatch.articles.models import Story
from dispatch.editions.models import Edition, EditionStory
from dispatch.social.models import Post

Row = TypeVar("Row", bound=Model)


def stories(token: Token) -> QuerySet[Story]:
    """Those that it may know of."""
    return Story.objects.all() if _sees_all(token) else Story.objects.exclude(embargo_until__gt=timezone.now())


def posts(token: Token) -> QuerySet[Post]:
    """Likewise."""
    found = Post.objects.select_related("channel", "story", "follows").prefetch_related("media")
    return found if _sees_all(token) else found.filter(embargo.free())


def editions(token: Token) -> QuerySet[Edition]:
    """Those that bring something it may know of, or nothing yet."""
    found = Edition.objects.select_related("newsletter", "send").prefetch_related("stories__story")
    if _sees_all(token):
        return found
    held = EditionStory.objects.filter(edition=OuterRef("pk"), story__embargo_until__gt=timezone.now())
    return found.exclude(Exists(held))


def entries(token: Token) -> QuerySet[AuditEntry]:
    """The audit log, without what was done to a story that it may not know of, or to a post of one."""
    found = AuditEntry.objects.select_related("who")
    if _sees_all(token):
        return found
    held = Story.objects.filter(embargo_until__gt=timezone.now()).values_list("pk", flat=True)
    hidden = [f"story:{number}" for number in held]
    hidden += [f"post:{number}" for number in Post.objects.filter(story__in=held).values_list("pk", flat=True)]
    return found.exclude(target__in=hidden)


def one(rows: "QuerySet[Row]", number: int, **more: Any) -> Row:
    """It. Raises Problem: gone, never there, or not for these eyes, which is not told apart."""
    found = rows.filter(pk=number, **more).first()
    if found is None:
        raise Problem("not-found")
    return found


def _sees_all(token: Token) -> bool:
    return Scope.EMBARGOED in token.scopes
