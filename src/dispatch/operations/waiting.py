"""The rows behind the queue's numbers: what is due, under way, deferred, failed or unknown, and what a STOP holds."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
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


def named(now: stats.Now) -> dict[int, Send]:
    """The sends by number, with their newsletters and what they bring."""
    sends = Send.objects.select_related("edition__newsletter").prefetch_related(naming.titles("edition__"))
    return sends.in_bulk([send.id for send in now.sends])


def mail(now: stats.Now, sends: dict[int, Send]) -> list[Mail]:
    """By send, the newest first."""
    cells = [(send, state) for send in now.sends for state in TELLING if send.exceptions.get(state)]
    return [_mail(sends[send.id], send, state) for send, state in cells[:ROWS]]


def going(now: stats.Now, sends: dict[int, Send]) -> list[tuple[Send, stats.SendNow]]:
    """Sends under way, the newest first."""
    return [(sends[send.id], send) for send in now.sends if send.is_going][:ROWS]


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


class Holding:
    """What a STOP holds, or would: readers by newsletter and posts by channel, asked for once."""

    def __init__(self, now: stats.Now, sends: dict[int, Send]) -> None:
        self._readers: Counter[int] = Counter()
        for send in now.sends:
            if send.is_going:
                theirs = sends[send.id].edition.newsletter_id
                self._readers[theirs] += send.untouched + send.exceptions.get("deferred", 0)
        waiting = Post.objects.filter(state__in=[Post.State.SCHEDULED, Post.State.DEFERRED])
        self._posts = Counter(dict(waiting.values_list("channel").annotate(many=Count("pk"))))

    def of(self, scope: str, target: int | None) -> tuple[int, int]:
        """Readers and posts of a scope."""
        if scope == Stop.Scope.CHANNEL:
            return 0, self._posts[target or 0]
        if scope == Stop.Scope.NEWSLETTER:
            return self._readers[target or 0], 0
        return self._readers.total(), self._posts.total()


def stops(holding: Holding) -> list[Pulled]:
    """Those in force, with what each holds."""
    in_force = stopping.in_force().select_related("by")
    return [Pulled(stop, shell.words(stop), *holding.of(stop.scope, stop.target)) for stop in in_force]


def scopes() -> list[tuple[str, str]]:
    """What can be stopped: the form's value and its words."""
    newsletters = Newsletter.objects.filter(active=True).order_by("slug").values_list("pk", "slug")
    channels = Channel.objects.filter(active=True).order_by("name").values_list("pk", "name")
    return [
        ("everything:", "Everything: no mail, no post"),
        *((f"newsletter:{number}", f"The newsletter {slug}") for number, slug in newsletters),
        *((f"channel:{number}", f"The channel {name}") for number, name in channels),
    ]


def _mail(send: Send, now: stats.SendNow, state: str) -> Mail:
    codes, next_at = stats.codes(send.pk, state)
    return Mail(send, now, state, now.exceptions[state], codes, next_at, state in RETRYABLE, state in DROPPABLE)
