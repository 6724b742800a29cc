"""An act upon one item, some, or all that match; each leaves its own line in the audit log."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from dispatch import queue, saying
from dispatch.accounts import audit, desks, stopping
from dispatch.accounts.models import Stop, User
from dispatch.articles import arrivals
from dispatch.articles.models import Article, WebhookDelivery
from dispatch.audience.models import Letter
from dispatch.delivery import acts as mail_acts
from dispatch.delivery import chunk_acts, correspondence, heaps
from dispatch.delivery.models import Chunk, Relay, Send
from dispatch.desk import acting, halting
from dispatch.editions import planning
from dispatch.editions.models import Edition
from dispatch.operations import sweeping
from dispatch.operations.items import owners, readers, rows
from dispatch.operations.items import wanted as wanting
from dispatch.operations.items.wanted import Wanted
from dispatch.social import acts as post_acts
from dispatch.social.models import Post

MOST = 500
"""Items that one request acts upon, readers apart: the rest is asked for again."""
FURTHEST = 5_000
"""Items that one request looks at, to find so many that may be treated so."""
ACTS = {
    "webhook": ("retry", "drop"),
    "article": ("retry", "drop"),
    "edition": ("retry", "drop", "pause"),
    "chunk": ("retry", "drop", "move", "pause"),
    "reader": ("retry", "drop", "move", "pause"),
    "letter": ("retry", "drop"),
    "post": ("retry", "drop", "pause"),
}
DONE = {"retry": "tried again now", "drop": "dropped", "move": "moved", "pause": "held"}


@dataclass(frozen=True)
class Asked:
    """What an operator wants done, and why."""

    act: str
    by: User
    reason: str
    relay: Relay | None = None


@dataclass(frozen=True)
class Done:
    """What came of it. `rest`: from below this number on nobody has looked yet; 0: that was all."""

    count: int
    words: str
    rest: int = 0


def act_on_these(asked: Asked, kind: str, ids: Iterable[str]) -> tuple[int, int]:
    """How many it was done to, of how many that were named. Raises Unheard for what is no id, and PermissionDenied, before
    anything is changed."""
    named = list(dict.fromkeys(ids))[:MOST]
    if strange := [one for one in named if not wanting.is_id(kind, one)]:
        shape = " A reader's is its send's number and its own: 4-1017." if kind == "reader" else ""
        raise wanting.Unheard(f"“{strange[0][:40]}” is no id of a {kind}.{shape}")
    return _do(asked, kind, _found(kind, named)), len(named)


def act_on_all(asked: Asked, wanted: Wanted) -> Done:
    """To all that match. Readers are done a part at a time by the clock; of other kinds MOST at once, from `wanted.before`
    down. Raises PermissionDenied before anything is changed."""
    if wanted.kind == "reader":
        return _all_readers(asked, wanted)
    found, rest = _gathered(asked, wanted)
    done = _do(asked, wanted.kind, found)
    more = " Press again for the next." if rest else ""
    if not done and rest:
        return Done(0, f"Of the first {saying.number(FURTHEST)} none may be treated so.{more}", rest)
    return Done(done, told(asked, wanted.kind, done) + more, rest)


def told(asked: Asked, kind: str, done: int) -> str:
    """What was done to how many, in words: a pause is of what they belong to."""
    what = {"post": "channel", "edition": "newsletter"}.get(kind, "send") if asked.act == "pause" else "item"
    return f"{saying.many(done, what)} {DONE[asked.act]}."


def _all_readers(asked: Asked, wanted: Wanted) -> Done:
    sends = {heap.send_id for heap in readers.matching(wanted)}
    desks.insist(asked.by, *sweeping.newsletters(wanted))
    if asked.act == "pause":
        paused = sum(mail_acts.pause(send, asked.by, asked.reason) for send in sorted(sends))
        return Done(paused, f"{saying.many(paused, 'send')} paused.")
    sweep = sweeping.begin(asked.act, wanted, asked.by, asked.reason, relay=asked.relay.pk if asked.relay else 0)
    if sweep is None:
        return Done(0, "")
    readers_then = saying.many(sweep.expected, "reader")
    return Done(sweep.expected, f"It is being done to {readers_then}; how far it is stands below.")


def _gathered(asked: Asked, wanted: Wanted) -> tuple[list[Any], int]:
    """What matches and may be treated so, the newest first; and below which number to go on, 0 at the end."""
    found: list[Any] = []
    looked, before = 0, wanted.before
    while looked < FURTHEST:
        batch = list(rows.matching(wanted.but(before=before))[:MOST])
        for one in batch:
            looked, before = looked + 1, one.pk
            if asked.act in rows.ROW_OF[wanted.kind](one).acts:
                found.append(one)
            if len(found) == MOST:
                return found, before
        if len(batch) < MOST:
            return found, 0
    return found, before


def _do(asked: Asked, kind: str, found: list[Any]) -> int:
    desks.insist(asked.by, *owners.of(kind, found))
    if asked.act == "pause":
        return _pause(asked, kind, found)
    return sum(bool(DO[kind](asked, thing)) for thing in found)


def _pause(asked: Asked, kind: str, things: list[Any]) -> int:
    """Mail: their sends are paused. Posts and editions: their channels and newsletters get a STOP, where none is in force.
    How many sends, channels or newsletters that is."""
    if kind in HELD:
        scope, of = HELD[kind]
        in_force = stopping.in_force().filter(scope=scope).values_list("target", flat=True)
        targets = sorted({getattr(thing, of) for thing in things} - set(in_force))
        for target in targets:
            halting.halt(scope, target, asked.by, asked.reason)
        return len(targets)
    sends = sorted({thing.send_id if kind == "chunk" else thing[0] for thing in things})
    return sum(mail_acts.pause(send, asked.by, asked.reason) for send in sends)


def _found(kind: str, ids: list[str]) -> list[Any]:
    """Each thing that is there; readers as their send's number and their own."""
    if kind == "reader":
        pairs = [(int(send), int(reader)) for send, _, reader in (one.partition("-") for one in ids)]
        there = set(Send.objects.filter(pk__in={send for send, _ in pairs}).values_list("pk", flat=True))
        return [pair for pair in pairs if pair[0] in there]
    return list(TABLES[kind]().in_bulk([int(one) for one in ids]).values())


def _article(asked: Asked, article: Article) -> bool:
    """Dropped, nothing becomes of it until it is revised: then it is planned as any other."""
    waiting = Article.objects.filter(pk=article.pk, planned_at=None)
    moved = waiting.update(planned_at=timezone.now()) if asked.act == "drop" else waiting.exists()
    if not moved:
        return False
    audit.record(asked.by, f"article.{asked.act}", f"article:{article.pk}", asked.reason)
    if asked.act == "retry":
        queue.enqueue("articles.plan_article", article.pk)
    return True


def _webhook(asked: Asked, one: WebhookDelivery) -> bool:
    do = arrivals.retry if asked.act == "retry" else arrivals.drop
    return do(one.pk, asked.by, asked.reason)


def _edition(asked: Asked, one: Edition) -> bool:
    if asked.act == "retry":
        return bool(acting.ON_EDITION["retry"].do(one.pk, asked.by, asked.reason))
    if one.state == Edition.State.LATE:
        return bool(acting.ON_EDITION["leave-out"].do(one.pk, asked.by, asked.reason))
    with transaction.atomic():
        given_up = planning.give_up(one.pk)
        if given_up:
            audit.record(asked.by, "edition.drop", f"edition:{one.pk}", asked.reason)
    return given_up


def _chunk(asked: Asked, one: Chunk) -> bool:
    if asked.act == "drop":
        return chunk_acts.drop(one.pk, asked.by, asked.reason)
    if asked.act == "move":
        return asked.relay is not None and chunk_acts.move(one.pk, asked.relay, asked.by, asked.reason)
    return chunk_acts.hurry(one.pk, asked.by, asked.reason)


def _reader(asked: Asked, one: tuple[int, int]) -> bool:
    relay = asked.relay.pk if asked.relay else 0
    return heaps.one(*one, asked.act, asked.by, asked.reason, relay=relay)


def _letter(asked: Asked, one: Letter) -> bool:
    do = correspondence.retry_one if asked.act == "retry" else correspondence.drop_one
    return do(one.pk, asked.by, asked.reason)


def _post(asked: Asked, one: Post) -> bool:
    if asked.act == "retry":
        return post_acts.retry(one.pk, asked.by, asked.reason)
    return post_acts.drop(one.pk, asked.by, asked.reason, states=Post.UNSENT)


DO: dict[str, Callable[[Asked, Any], bool]] = {
    "webhook": _webhook, "article": _article, "edition": _edition, "chunk": _chunk, "reader": _reader,
    "letter": _letter, "post": _post,
}  # fmt: skip
TABLES: dict[str, Callable[[], Any]] = {
    "webhook": WebhookDelivery.objects.all,
    "article": Article.objects.all,
    "edition": lambda: Edition.objects.select_related("newsletter"),
    "chunk": lambda: Chunk.objects.select_related("send__edition__newsletter").defer("recipients"),
    "letter": lambda: Letter.objects.select_related("newsletter"),
    "post": lambda: Post.objects.select_related("channel"),
}
HELD = {"post": (Stop.Scope.CHANNEL, "channel_id"), "edition": (Stop.Scope.NEWSLETTER, "newsletter_id")}
"""By kind, what a pause stops."""
