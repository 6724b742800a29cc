"""How a story was taken, without looking at anyone: mail in steps of twenty, posts in their networks' public numbers."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dispatch import history, saying
from dispatch.accounts import permissions
from dispatch.accounts.models import Role
from dispatch.articles.models import Story
from dispatch.audience import departed
from dispatch.delivery import progress
from dispatch.delivery.models import Send
from dispatch.desk import naming
from dispatch.social import feedback
from dispatch.social.models import Counted, Post

STEP = 20
"""Groups of fewer readers are not told, and no number is told more exactly than this: two of them, one taken from the other,
tell no more of a small group than either does."""
AFTER_MAIL = timedelta(days=7)
BOUNCED = ("bounced", "refused")


@dataclass(frozen=True)
class Mailed:
    """An edition in numbers that tell of nobody."""

    send: Send
    name: str
    floors: dict[str, int]  # readers, accepted, bounced, and left within AFTER_MAIL
    is_over: bool  # whether that time has passed

    readers = property(lambda self: group(self.floors["readers"]))
    accepted = property(lambda self: group(self.floors["accepted"]))
    bounced = property(lambda self: group(self.floors["bounced"]))
    left = property(lambda self: group(self.floors["left"]))


@dataclass(frozen=True)
class Posted:
    """A post, and each time its network was asked; the latest last."""

    post: Post
    counted: list[Counted]
    tells: bool

    @property
    def latest(self) -> Counted | None:
        """With numbers, where there were any."""
        return next((one for one in reversed(self.counted) if not one.why_not), None)

    @property
    def why_not(self) -> str:
        """Why there are none, as it was said last, in a sentence; empty: nobody asked yet."""
        words = self.counted[-1].why_not.rstrip(".") if self.counted else ""
        return f"{words[:1].upper()}{words[1:]}." if words else ""


def group(count: int) -> str:
    """How a number of readers is told: "fewer than 20", "at least 1,220"."""
    return f"fewer than {STEP}" if count < STEP else f"at least {saying.number(floor(count))}"


def floor(count: int) -> int:
    """At least so many, for programs; 0: fewer than STEP."""
    return count // STEP * STEP


def mailed(story: Story) -> list[Mailed]:
    """Each edition of it that left, the first one first."""
    left = Send.objects.filter(edition__stories__story=story, started_at__isnull=False).distinct()
    sends = left.select_related("edition__newsletter").order_by("pk")
    return history.read(lambda using: [_mailed(send, using) for send in sends.using(using)])


def posted(story: Story) -> list[Posted]:
    """Each post of it that is out."""
    out = Post.objects.filter(story=story, state=Post.State.SENT).select_related("channel")
    rows = out.order_by("channel__name", "place")
    return history.read(lambda using: [_posted(post) for post in _with_counts(rows, using)])


@permissions.requires(Role.EDITOR)
@require_safe
def page(request: HttpRequest, story_id: int) -> HttpResponse:
    """How one story was taken."""
    story = get_object_or_404(Story.objects.prefetch_related("articles__current"), pk=story_id)
    shown = {
        "story": story,
        "title": naming.title(story.articles.all()),
        "mailed": mailed(story),
        "posted": posted(story),
        "step": STEP,
        "days": AFTER_MAIL.days,
    }
    return render(request, "desk/feedback.html", shown)


def _with_counts(posts: QuerySet[Post], using: str) -> QuerySet[Post]:
    return posts.using(using).prefetch_related(Prefetch("counted", Counted.objects.using(using)))


def _posted(post: Post) -> Posted:
    return Posted(post, list(post.counted.all()), feedback.tells(post.channel.network))


def _mailed(send: Send, using: str) -> Mailed:
    then = progress.at_a_glance(send.pk, using=using)
    first = cast("datetime", send.started_at).astimezone(UTC).date()
    last = first + AFTER_MAIL - timedelta(days=1)
    return Mailed(
        send=send,
        name=naming.newsletter(send.edition.newsletter),
        floors={
            "readers": floor(then.frozen),
            "accepted": floor(then.sent),
            "bounced": floor(sum(then.exceptions.get(state, 0) for state in BOUNCED)),
            "left": floor(departed.between(send.edition.newsletter_id, first, last, using=using)),
        },
        is_over=timezone.now().astimezone(UTC).date() > last,
    )
