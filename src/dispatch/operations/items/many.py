"""An act upon one item, some, or all that match; each leaves its own line in the audit log."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from dispatch import queue, saying
from dispatch.accounts import audit, desks
from dispatch.accounts.models import Stop, User
from dispatch.articles import arrivals
from dispatch.articles.models import Article, WebhookDelivery
from dispatch.delivery import acts as mail_acts
from dispatch.delivery import chunk_acts, heaps
from dispatch.delivery.models import Chunk, Relay, Send
from dispatch.desk import acting, halting
from dispatch.editions.models import Edition
from dispatch.operations import sweeping
from dispatch.operations.items import readers, rows
from dispatch.operations.items.wanted import Wanted
from dispatch.social import acts as post_acts
from dispatch.social.models import Post

MOST = 500
"""Items that one request acts upon, readers apart: the rest is asked for again."""
ACTS = {
    "webhook": ("retry", "drop"),
    "article": ("retry",),
    "edition": ("retry",),
    "chunk": ("retry", "move", "pause"),
    "reader": ("retry", "drop", "move", "pause"),
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


def act_on_these(asked: Asked, kind: str, ids: Iterable[str]) -> tuple[int, int]:
    """How many it was done to, of how many that were named. Raises PermissionDenied before anything is changed."""
    named = list(dict.fromkeys(ids))[:MOST]
    found = _found(kind, named)
    desks.insist(asked.by, *(one for _, owned in found if (one := owned) is not None))
    if asked.act == "pause":
        return pause(asked, kind, [thing for thing, _ in found]), len(named)
    return sum(bool(DO[kind](asked, thing)) for thing, _ in found), len(named)


def act_on_all(asked: Asked, wanted: Wanted) -> str:
    """To all that match, in words. Readers are done a part at a time; of other kinds MOST at once."""
    if wanted.kind != "reader":
        done, named = act_on_these(asked, wanted.kind, rows.numbers(wanted, MOST))
        rest = f" These were the first {MOST}: press again for the next." if named == MOST else ""
        return f"{saying.many(done, 'item')} {DONE[asked.act]}.{rest}"
    sends = {heap.send_id for heap in readers.matching(wanted)}
    desks.insist(asked.by, *sweeping.newsletters(wanted))
    if asked.act == "pause":
        return f"{saying.many(sum(mail_acts.pause(s, asked.by, asked.reason) for s in sorted(sends)), 'send')} paused."
    sweep = sweeping.begin(asked.act, wanted, asked.by, asked.reason, relay=asked.relay.pk if asked.relay else 0)
    if sweep is None:
        return ""
    return f"It is being done to {saying.many(sweep.expected, 'reader')}; how far it is stands below."


def pause(asked: Asked, kind: str, things: list[Any]) -> int:
    """Mail: their sends are paused. Posts: their channels get a STOP. How many sends or channels that is."""
    if kind == "post":
        channels = sorted({post.channel_id for post in things})
        for channel in channels:
            halting.halt(Stop.Scope.CHANNEL, channel, asked.by, asked.reason)
        return len(channels)
    sends = sorted({thing.send_id if kind == "chunk" else thing[0] for thing in things})
    return sum(mail_acts.pause(send, asked.by, asked.reason) for send in sends)


def _found(kind: str, ids: list[str]) -> list[tuple[Any, desks.Owned | None]]:
    """Each thing that is there, with whose it is."""
    if kind == "reader":
        pairs = [(int(send), int(reader)) for send, _, reader in (one.partition("-") for one in ids)]
        sends = Send.objects.select_related("edition__newsletter").in_bulk({send for send, _ in pairs})
        return [(pair, sends[pair[0]].edition.newsletter) for pair in pairs if pair[0] in sends]
    found = TABLES[kind]().in_bulk([int(one) for one in ids])
    return [(thing, OWNER[kind](thing)) for thing in found.values()]


def _plan(asked: Asked, article: Article) -> bool:
    if article.planned_at is not None:
        return False
    audit.record(asked.by, "article.retry", f"article:{article.pk}", asked.reason)
    queue.enqueue("articles.plan_article", article.pk)
    return True


def _webhook(asked: Asked, one: WebhookDelivery) -> bool:
    do = arrivals.retry if asked.act == "retry" else arrivals.drop
    return do(one.pk, asked.by, asked.reason)


def _edition(asked: Asked, one: Edition) -> bool:
    return bool(acting.ON_EDITION["retry"].do(one.pk, asked.by, asked.reason))


def _chunk(asked: Asked, one: Chunk) -> bool:
    if asked.act == "move":
        return asked.relay is not None and chunk_acts.move(one.pk, asked.relay, asked.by, asked.reason)
    return chunk_acts.hurry(one.pk, asked.by, asked.reason)


def _reader(asked: Asked, one: tuple[int, int]) -> bool:
    relay = asked.relay.pk if asked.relay else 0
    return heaps.one(*one, asked.act, asked.by, asked.reason, relay=relay)


def _post(asked: Asked, one: Post) -> bool:
    if asked.act == "retry":
        return post_acts.retry(one.pk, asked.by, asked.reason)
    return post_acts.drop(one.pk, asked.by, asked.reason, states=Post.UNSENT)


DO: dict[str, Callable[[Asked, Any], bool]] = {
    "webhook": _webhook, "article": _plan, "edition": _edition, "chunk": _chunk, "reader": _reader, "post": _post,
}  # fmt: skip
TABLES: dict[str, Callable[[], Any]] = {
    "webhook": WebhookDelivery.objects.all,
    "article": Article.objects.all,
    "edition": lambda: Edition.objects.select_related("newsletter"),
    "chunk": lambda: Chunk.objects.select_related("send__edition__newsletter").defer("recipients"),
    "post": lambda: Post.objects.select_related("channel"),
}
OWNER: dict[str, Callable[[Any], desks.Owned | None]] = {
    "webhook": lambda _: None,
    "article": lambda _: None,
    "edition": lambda one: one.newsletter,
    "chunk": lambda one: one.send.edition.newsletter,
    "post": lambda one: one.channel,
}
