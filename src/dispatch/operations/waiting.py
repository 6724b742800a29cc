"""The rows behind the queue's numbers: what is due, under way, deferred, failed or unknown, and what a STOP holds."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.articles import embargo
from dispatch.articles.models import Article, WebhookDelivery
from dispatch.audience.models import Newsletter
from dispatch.delivery.models import Chunk, Send
from dispatch.desk import naming, shell
from dispatch.editions.models import Edition
from dispatch.operations import stats
from dispatch.social.models import Channel, Post

ROWS = 50
"""Shown of each list; the numbers above count all."""
TELLING = ("deferred", "refused", "failed_render", "unknown")
RETRYABLE = ("deferred", "refused", "unknown")
DROPPABLE = ("deferred", "unknown")


@dataclass(frozen=True)
class Mail:
    """Readers of one send in one state, and what may be done with them."""

    send: Send
    now: stats.SendNow
    state: str
    count: int
    codes: str  # the commonest replies, "450 4.2.1 (12)"
    next_at: object
    may_retry: bool
    may_drop: bool


@dataclass(frozen=True)
class Pulled:
    """A STOP in force, and how much it holds."""

    stop: Stop
    words: str
    readers: int
    posts: int


def mail(now: stats.Now) -> list[Mail]:
    """By send, the newest first."""
    sends = _named_sends().in_bulk([send.id for send in now.sends])
    cells = [(send, state) for send in now.sends for state in TELLING if send.exceptions.get(state)]
    return [_mail(sends[send.id], send, state) for send, state in cells[:ROWS]]


def going(now: stats.Now) -> list[tuple[Send, stats.SendNow]]:
    """Sends under way."""
    live = {send.id: send for send in now.sends if send.is_going}
    sends = _named_sends().filter(pk__in=live).order_by("-pk")
    return [(send, live[send.pk]) for send in sends[:ROWS]]


def stuck() -> QuerySet[Chunk]:
    """Chunks whose workers died again and again."""
    return (
        Chunk.objects.filter(state=Chunk.State.STUCK)
        .select_related("send__edition__newsletter")
        .prefetch_related(naming.titles("send__edition__"))
        .defer("recipients")[:ROWS]
    )


def posts() -> QuerySet[Post]:
    """Those that wait or failed; what is planned for later is not here."""
    due = Q(state=Post.State.SCHEDULED, due_at__lte=timezone.now())
    troubled = Q(state__in=[Post.State.CLAIMED, Post.State.DEFERRED, Post.State.REFUSED, Post.State.UNKNOWN])
    late = Q(state=Post.State.LATE) | (Q(state=Post.State.DRAFT) & ~Q(trouble=""))
    rows = Post.objects.filter(due | troubled | late).select_related("channel", "article__current")
    return rows.defer("article__current__html", "article__current__text").order_by("due_at")[:ROWS]


def editions() -> QuerySet[Edition]:
    """Due, late, or failed."""
    overdue = Q(state=Edition.State.GATHERING, due_at__lte=timezone.now())
    rows = Edition.objects.filter(Q(state__in=[Edition.State.DUE, Edition.State.LATE, Edition.State.FAILED]) | overdue)
    return rows.select_related("newsletter").prefetch_related(naming.titles()).order_by("due_at")[:ROWS]


def webhooks() -> QuerySet[WebhookDelivery]:
    """Those whose news no worker has taken in, or could."""
    rows = WebhookDelivery.objects.filter(due_at__isnull=False).select_related("source")
    return rows.defer("said").order_by("id")[:ROWS]


def articles() -> QuerySet[Article]:
    """Those of which nobody has planned what they become."""
    rows = Article.objects.filter(embargo.free(), planned_at=None).select_related("current", "story")
    return rows.defer("current__html", "current__text").order_by("id")[:ROWS]


def stops(now: stats.Now) -> list[Pulled]:
    """Those in force, with what each holds."""
    return [_pulled(stop, now) for stop in stopping.in_force().select_related("by")]


def held(scope: str, target: int | None, now: stats.Now) -> tuple[int, int]:
    """Readers and posts that a STOP of this scope holds, or would."""
    posts = Post.objects.filter(state__in=[Post.State.SCHEDULED, Post.State.DEFERRED])
    if scope == Stop.Scope.CHANNEL:
        return 0, posts.filter(channel=target).count()
    open_sends = Send.objects.filter(pk__in=[send.id for send in now.sends if send.is_going])
    if scope == Stop.Scope.NEWSLETTER:
        open_sends = open_sends.filter(edition__newsletter=target)
    theirs = set(open_sends.values_list("pk", flat=True))
    readers = sum(send.untouched + send.exceptions.get("deferred", 0) for send in now.sends if send.id in theirs)
    return readers, 0 if scope == Stop.Scope.NEWSLETTER else posts.count()


def scopes() -> list[tuple[str, str]]:
    """What can be stopped: the form's value and its words."""
    newsletters = Newsletter.objects.filter(active=True).order_by("slug").values_list("pk", "slug")
    channels = Channel.objects.filter(active=True).order_by("name").values_list("pk", "name")
    return [
        ("everything:", "Everything: no mail, no post"),
        *((f"newsletter:{number}", f"The newsletter {slug}") for number, slug in newsletters),
        *((f"channel:{number}", f"The channel {name}") for number, name in channels),
    ]


def _pulled(stop: Stop, now: stats.Now) -> Pulled:
    return Pulled(stop, shell.words(stop), *held(stop.scope, stop.target, now))


def _named_sends() -> QuerySet[Send]:
    return Send.objects.select_related("edition__newsletter").prefetch_related(naming.titles("edition__"))


def _mail(send: Send, now: stats.SendNow, state: str) -> Mail:
    codes, next_at = stats.codes(send.pk, state)
    return Mail(send, now, state, now.exceptions[state], codes, next_at, state in RETRYABLE, state in DROPPABLE)
