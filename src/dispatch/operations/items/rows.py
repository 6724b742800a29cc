"""The rows of a list: fifty items of one kind as an operator wants them. Each kind is one bounded query."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from dispatch.accounts import desks
from dispatch.articles import embargo
from dispatch.articles.models import Article, WebhookDelivery
from dispatch.delivery.models import Chunk
from dispatch.desk import naming
from dispatch.editions.models import Edition
from dispatch.operations.items import providers, readers
from dispatch.operations.items.wanted import Wanted
from dispatch.social.models import Post

ROWS = 50
MOST = 1_000
"""What matches is counted up to here; "1,000+" tells enough. Readers are always counted in full: see readers.py."""


@dataclass(frozen=True)
class Row:
    """One item of a list. `word` is a state of desk.states for `shape_of`."""

    kind: str
    id: str
    title: str
    shape_of: str
    word: str
    since: datetime | None = None
    until: datetime | None = None
    why: str = ""
    of: str = ""  # the newsletter, channel or source
    way: str = ""  # the provider class, and the relay
    tries: int = 0
    acts: tuple[str, ...] = ()
    owned: desks.Owned | None = None


@dataclass(frozen=True)
class Found:
    """A page of a list. `count`: how many match in all."""

    rows: list[Row]
    count: int
    is_exact: bool
    has_more: bool


def find(wanted: Wanted) -> Found:
    """What stands in the list now."""
    if wanted.kind == "reader":
        found, count = readers.find(wanted, ROWS + 1)
        rows = [Row("reader", **one) for one in found]
        return Found(rows[:ROWS], count, True, len(rows) > ROWS)
    matching, shown = KINDS[wanted.kind](wanted), ROW_OF[wanted.kind]
    count = matching.order_by()[: MOST + 1].count()
    rows = [shown(one) for one in matching[wanted.skip : wanted.skip + ROWS + 1]]
    return Found(rows[:ROWS], min(count, MOST), count <= MOST, len(rows) > ROWS)


def numbers(wanted: Wanted, most: int) -> list[str]:
    """The ids of what matches, of any kind but readers."""
    return [str(number) for number in KINDS[wanted.kind](wanted).values_list("pk", flat=True)[:most]]


def webhooks(wanted: Wanted) -> QuerySet[Any]:
    """What a CMS told."""
    columns = {
        "due": Q(due_at__isnull=False) & ~Q(did="failed"),
        "failed": Q(due_at__isnull=False, did="failed"),
        "done": Q(due_at=None),
    }
    rows = WebhookDelivery.objects.select_related("source").defer("said").order_by("-pk")
    return _of(rows, wanted, columns)


def articles(wanted: Wanted) -> QuerySet[Any]:
    """Language versions, by whether anybody has planned what becomes of them."""
    free = embargo.free()
    columns = {
        "due": Q(planned_at=None) & free,
        "deferred": Q(planned_at=None) & ~free,
        "done": Q(planned_at__isnull=False),
    }
    rows = Article.objects.select_related("current", "source", "story").order_by("-pk")
    return _of(rows.defer("current__html", "current__text"), wanted, columns)


def editions(wanted: Wanted) -> QuerySet[Any]:
    """Letters that are rendered once for everybody."""
    state = Edition.State
    columns = {
        "due": Q(state=state.GATHERING, due_at__lte=timezone.now()),
        "underway": Q(state=state.DUE),
        "deferred": Q(state__in=[state.GATHERING, state.DRAFT], due_at__gt=timezone.now()),
        "failed": Q(state__in=[state.FAILED, state.LATE]),
        "done": Q(state__in=[state.RENDERED, state.EMPTY, state.WITHDRAWN]),
    }
    rows = Edition.objects.select_related("newsletter").prefetch_related(naming.titles()).order_by("-pk")
    return _of(rows, wanted, columns, newsletter="newsletter")


def chunks(wanted: Wanted) -> QuerySet[Any]:
    """About a thousand readers of one send each."""
    going, waits = ~Q(send__state__in=["finished", "cancelled"]), Q(not_before__gt=timezone.now())
    columns = {
        "due": going & Q(state="pending") & ~waits,
        "underway": going & Q(state="leased"),
        "deferred": going & waits & Q(state="pending"),
        "failed": Q(state="stuck"),
        "done": Q(state="done"),
    }
    rows = Chunk.objects.select_related("send__edition__newsletter", "variant", "relay").order_by("-pk")
    rows = rows.defer("recipients", "variant__html", "variant__text")
    if wanted.send:
        rows = rows.filter(send=wanted.send)
    if wanted.provider >= 0:
        rows = rows.filter(provider_class=wanted.provider)
    if wanted.relay:
        rows = rows.filter(relay=wanted.relay)
    return _of(rows, wanted, columns, newsletter="send__edition__newsletter")


def posts(wanted: Wanted) -> QuerySet[Any]:
    """One text for one channel each."""
    state, now = Post.State, timezone.now()
    columns = {
        "due": Q(state=state.SCHEDULED, due_at__lte=now),
        "underway": Q(state=state.CLAIMED),
        "deferred": Q(state=state.DEFERRED) | Q(state=state.SCHEDULED, due_at__gt=now),
        "failed": Q(state__in=[state.REFUSED, state.LATE]) | (Q(state=state.DRAFT) & ~Q(trouble="")),
        "unknown": Q(state=state.UNKNOWN),
        "done": Q(state__in=[state.SENT, state.DROPPED, state.WITHDRAWN, state.GONE]),
    }
    rows = Post.objects.select_related("channel", "article__current").order_by("-pk")
    if wanted.channel:
        rows = rows.filter(channel=wanted.channel)
    return _of(rows.defer("article__current__html", "article__current__text"), wanted, columns)


def _of(rows: QuerySet[Any], wanted: Wanted, columns: dict[str, Q], *, newsletter: str = "") -> QuerySet[Any]:
    if wanted.column:
        rows = rows.filter(columns[wanted.column]) if wanted.column in columns else rows.none()
    if wanted.newsletter:
        rows = rows.filter(**{newsletter: wanted.newsletter}) if newsletter else rows.none()
    return rows


def _webhook(one: WebhookDelivery) -> Row:
    acts = ("retry", "drop") if one.due_at and one.did == "failed" else ()
    word = {"failed": "failed", "received": "due"}.get(one.did, "over") if one.due_at else "done"
    return Row("webhook", str(one.pk), one.event or "webhook", "item", word, one.received_at, one.due_at, one.why,
               one.source.name, acts=acts)  # fmt: skip


def _article(one: Article) -> Row:
    title = one.current.title if one.current else one.external_id
    waits = one.planned_at is None
    return Row("article", str(one.pk), title, "item", "due" if waits else "done", one.published_at,
               one.story.embargo_until if waits else None, "", one.source.name, one.language,
               acts=("retry",) if waits else ())  # fmt: skip


def _edition(one: Edition) -> Row:
    acts = ("retry",) if one.state == Edition.State.FAILED else ()
    return Row("edition", str(one.pk), naming.brings(one), "edition", one.state, one.due_at, None, one.trouble,
               naming.newsletter(one.newsletter), tries=one.attempts, acts=acts, owned=one.newsletter)  # fmt: skip


def _chunk(one: Chunk) -> Row:
    going = one.send.state not in {"finished", "cancelled"}
    may = {"pending": ("retry", "move", "pause"), "stuck": ("retry", "move", "pause"), "leased": ("pause",)}
    acts: tuple[str, ...] = may.get(one.state, ()) if going else ()
    way = providers.way(one.provider_class, one.relay.name if one.relay else "")
    title = f"Chunk {one.number} of send {one.send_id}{', a retry' if one.is_retry else ''}"
    return Row("chunk", str(one.pk), title, "chunk", one.state, one.rung_at or one.send.started_at, one.not_before,
               one.trouble, naming.newsletter(one.send.edition.newsletter), way, one.takeovers, acts,
               one.send.edition.newsletter)  # fmt: skip


def _post(one: Post) -> Row:
    title = one.article.current.title if one.article.current else one.text[:80]
    acts = {"refused": ("retry", "drop", "pause"), "deferred": ("retry", "drop", "pause"),
            "draft": ("retry", "drop"), "late": ("retry", "drop"), "scheduled": ("drop", "pause"),
            }.get(one.state, ())  # fmt: skip
    until = one.due_at if one.state in {"deferred", "scheduled"} else None
    return Row("post", str(one.pk), title, "post", one.state, one.due_at, until, one.trouble, one.channel.name,
               one.channel.network, one.attempts_made, acts, one.channel)  # fmt: skip


KINDS: dict[str, Callable[[Wanted], QuerySet[Any]]] = {
    "webhook": webhooks,
    "article": articles,
    "edition": editions,
    "chunk": chunks,
    "post": posts,
}
ROW_OF: dict[str, Callable[[Any], Row]] = {
    "webhook": _webhook,
    "article": _article,
    "edition": _edition,
    "chunk": _chunk,
    "post": _post,
}
