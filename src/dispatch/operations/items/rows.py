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
from dispatch.audience.models import Letter
from dispatch.delivery import correspondence
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
    found_ones, shown = matching(wanted), ROW_OF[wanted.kind]
    count = found_ones.order_by()[: MOST + 1].count()
    rows = [shown(one) for one in found_ones[wanted.skip : wanted.skip + ROWS + 1]]
    return Found(rows[:ROWS], min(count, MOST), count <= MOST, len(rows) > ROWS)


def matching(wanted: Wanted) -> QuerySet[Any]:
    """Everything that matches, of any kind but readers; the newest first."""
    found = KINDS[wanted.kind](wanted)
    if wanted.source:
        found = found.filter(source__slug=wanted.source)
    if wanted.newsletter:
        found = found.filter(**{NEWSLETTER[wanted.kind]: wanted.newsletter})
    if wanted.state:
        found = found.filter(_in_state(wanted))
    return found.filter(pk__lt=wanted.before) if wanted.before else found


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
    return _of(rows, wanted, columns)


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
    if wanted.provider:
        rows = rows.filter(provider_class=providers.NUMBERS[wanted.provider])
    if wanted.relay:
        rows = rows.filter(relay__name=wanted.relay)
    return _of(rows, wanted, columns)


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
        rows = rows.filter(channel__slug=wanted.channel)
    return _of(rows.defer("article__current__html", "article__current__text"), wanted, columns)


def letters(wanted: Wanted) -> QuerySet[Any]:
    """What readers asked for: confirmations, links to their preferences."""
    state = Letter.State
    columns = {
        "due": Q(state=state.WAITING, attempts=0),
        "underway": Q(state=state.SENDING),
        "deferred": Q(state=state.WAITING, attempts__gt=0),
        "failed": Q(state__in=[state.REFUSED, state.LATE]),
        "unknown": Q(state=state.UNKNOWN),
        "done": Q(state__in=[state.SENT, state.DROPPED]),
    }
    rows = Letter.objects.select_related("newsletter").defer("address", "address_index", "handle").order_by("-pk")
    if wanted.code:
        rows = rows.filter(code=wanted.code)
    return _of(rows, wanted, columns)


def _of(rows: QuerySet[Any], wanted: Wanted, columns: dict[str, Q]) -> QuerySet[Any]:
    if not wanted.column:
        return rows
    return rows.filter(columns[wanted.column]) if wanted.column in columns else rows.none()


def _in_state(wanted: Wanted) -> Q:
    """A letter that waits for a further try is "deferred", as its row says."""
    if wanted.kind == "letter" and wanted.state in {"waiting", "deferred"}:
        return Q(state=Letter.State.WAITING) & (Q(attempts=0) if wanted.state == "waiting" else Q(attempts__gt=0))
    return Q(state=wanted.state)


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
               acts=("retry", "drop") if waits else ())  # fmt: skip


def _edition(one: Edition) -> Row:
    state, acts = Edition.State, ("retry", "drop", "pause")
    may: dict[str, tuple[str, ...]] = {
        state.FAILED: ("retry", "pause") if one.is_own else acts,  # the next one owes its readers what this one lacked
        state.LATE: ("drop", "pause"),
        state.GATHERING: ("pause",),
        state.DUE: ("pause",),
    }
    return Row("edition", str(one.pk), naming.brings(one), "edition", one.state, one.due_at, None, one.trouble,
               naming.newsletter(one.newsletter), tries=one.attempts, acts=may.get(one.state, ()),
               owned=one.newsletter)  # fmt: skip


def _chunk(one: Chunk) -> Row:
    going = one.send.state not in {"finished", "cancelled"}
    may = {"pending": ("retry", "move", "pause"), "stuck": ("retry", "drop", "move", "pause"), "leased": ("pause",)}
    acts: tuple[str, ...] = may.get(one.state, ()) if going else ()
    way = providers.way(one.provider_class, one.relay.name if one.relay else "")
    title = f"Chunk {one.number} of send {one.send_id}{', a retry' if one.is_retry else ''}"
    return Row("chunk", str(one.pk), title, "chunk", one.state, one.rung_at or one.send.started_at, one.not_before,
               one.trouble, naming.newsletter(one.send.edition.newsletter), way, one.takeovers, acts,
               one.send.edition.newsletter)  # fmt: skip


def _letter(one: Letter) -> Row:
    waits = one.state == Letter.State.WAITING
    word = "deferred" if waits and one.attempts else one.state
    return Row("letter", str(one.pk), f"{correspondence.ONE[Letter.Kind(one.kind)]} {one.pk}", "letter", word,
               one.written_at, one.next_attempt_at if word == "deferred" else None, one.code,
               naming.newsletter(one.newsletter), one.language, one.attempts, ("retry", "drop") if waits else (),
               one.newsletter)  # fmt: skip


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
    "letter": letters,
    "post": posts,
}
NEWSLETTER = {"edition": "newsletter__slug", "chunk": "send__edition__newsletter__slug", "letter": "newsletter__slug"}
"""By kind, where its newsletter's slug stands."""
ROW_OF: dict[str, Callable[[Any], Row]] = {
    "webhook": _webhook,
    "article": _article,
    "edition": _edition,
    "chunk": _chunk,
    "letter": _letter,
    "post": _post,
}
