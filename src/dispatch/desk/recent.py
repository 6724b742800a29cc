"""Which stories changed after something of them was out that nobody has decided on since: one statement, for Home."""

from datetime import datetime
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat, Greatest

from dispatch.articles.models import Article
from dispatch.desk.models import Decision
from dispatch.editions.models import Edition, EditionStory
from dispatch.social.acts import MAYBE_OUT
from dispatch.social.models import Post


def undecided(since: datetime) -> QuerySet[Article, Any]:
    """Numbers of stories of which a version was revised or taken back since then; whether anything differs is not asked."""
    changed = Article.objects.annotate(changed_at=Greatest(F("current__received_at"), F("withdrawn_at")))
    changed = changed.filter(Q(current__number__gt=1) | Q(state=Article.State.WITHDRAWN), changed_at__gt=since)
    return changed.filter(Exists(_posts()) | Exists(_editions())).values("story")


def _posts() -> QuerySet[Post]:
    """Of the version at hand, from before its change."""
    out = Post.objects.filter(article=OuterRef("pk"), state__in=MAYBE_OUT).exclude(sent_at__gt=OuterRef("changed_at"))
    named = out.annotate(about=Concat(Value("post:"), Cast("pk", CharField())), changed_at=OuterRef("changed_at"))
    return named.exclude(Exists(_decision()))


def _editions() -> QuerySet[EditionStory]:
    """That told its story before its change."""
    told = EditionStory.objects.filter(story=OuterRef("story_id"), edition__state=Edition.State.RENDERED)
    told = told.filter(edition__rendered_at__lt=OuterRef("changed_at"))
    about = Concat(Value("edition:"), Cast("edition_id", CharField()), Value("/"), Cast("story_id", CharField()))
    return told.annotate(about=about, changed_at=OuterRef("changed_at")).exclude(Exists(_decision()))


def _decision() -> QuerySet[Decision]:
    """Since the change."""
    return Decision.objects.filter(about=OuterRef("about"), at__gte=OuterRef("changed_at"))
