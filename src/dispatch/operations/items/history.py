"""The whole history of one item: what was tried, what was answered, when, and what people did to it and why."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.http import Http404

from dispatch.accounts.models import AuditEntry
from dispatch.audience.models import Letter
from dispatch.delivery import statements
from dispatch.delivery.models import Ambiguity, Chunk, DeliveryException, Relay
from dispatch.desk import naming
from dispatch.operations.items import providers, rows
from dispatch.operations.items import readers as listed
from dispatch.operations.items.wanted import Wanted, is_id

if TYPE_CHECKING:
    from dispatch.articles.models import Article, WebhookDelivery
    from dispatch.editions.models import Edition
    from dispatch.social.models import Post

ENTRIES = 200
CODES = """
SELECT state, code, count(*) FROM delivery_exception
WHERE send_id = %s AND subscriber_id = ANY (SELECT unnest(recipients) FROM delivery_chunk WHERE id = %s)
GROUP BY state, code ORDER BY count(*) DESC, state, code LIMIT 20
"""


@dataclass(frozen=True)
class Event:
    """One thing that happened to it."""

    at: datetime
    words: str
    shape_of: str = ""
    word: str = ""
    who: str = ""
    why: str = ""


@dataclass
class Item:
    """One item's page. `facts` are (name, words or moment); `links` (words, path)."""

    row: rows.Row
    facts: list[tuple[str, object]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    links: list[tuple[str, str, int]] = field(default_factory=list)  # words, name of the address, its number
    counts: list[tuple[str, str, int]] = field(default_factory=list)  # a chunk's readers: state, code, how many
    wanted: Wanted | None = None  # the list that it is from


def of(kind: str, number: str) -> Item:
    """Raises Http404 where there is none of that name."""
    item = OF[kind](number)
    item.events.sort(key=lambda event: event.at, reverse=True)
    return item


def _one(kind: str, number: str) -> Any:
    found = rows.KINDS[kind](Wanted(kind=kind)).filter(pk=int(number)).first() if is_id(kind, number) else None
    if found is None:
        raise Http404
    return found


def _webhook(number: str) -> Item:
    one: WebhookDelivery = _one("webhook", number)
    item = Item(
        rows.ROW_OF["webhook"](one), [("Source", one.source.name), ("It did", one.did), ("Next try", one.due_at)]
    )
    item.events = [Event(one.received_at, "It arrived.", why=one.why), *_people(f"webhook:{one.pk}")]
    return item


def _article(number: str) -> Item:
    one: Article = _one("article", number)
    item = Item(rows.ROW_OF["article"](one), [("Source", one.source.name), ("Language", one.language)])
    item.links = [("Its story", "story", one.story_id)]
    item.events = [Event(r.received_at, f"Revision {r.number} arrived.") for r in one.revisions.defer("html", "text")]
    item.events += [Event(at, words) for at, words in (
        (one.published_at, "It was published there."), (one.planned_at, "What becomes of it was planned."),
    ) if at]  # fmt: skip
    item.events += _people(f"article:{one.pk}")
    return item


def _edition(number: str) -> Item:
    one: Edition = _one("edition", number)
    item = Item(rows.ROW_OF["edition"](one), [("Renderings begun", one.attempts), ("Due", one.due_at)])
    item.links, send = [("The edition", "edition_page", one.pk)], getattr(one, "send", None)
    moments = [(one.created_at, "It was planned."), (one.rung_at, "A worker was asked to render it."),
               (one.rendered_at, "It was rendered."), (one.enlisted_at, "Its audience was frozen.")]  # fmt: skip
    if send:
        moments += [(send.started_at, f"Send {send.pk} began."), (send.finished_at, f"Send {send.pk} ended.")]
    item.events = [Event(at, words) for at, words in moments if at]
    item.events += _people(f"edition:{one.pk}", *([f"send:{send.pk}"] if send else []))
    return item


def _chunk(number: str) -> Item:
    one: Chunk = _one("chunk", number)
    item = Item(rows.ROW_OF["chunk"](one))
    readers = statements.value("SELECT size FROM delivery_chunk WHERE id = %s", one.pk)
    gone = "forgotten, a week after the send's end" if one.send.is_forgotten else None
    item.facts = [("Readers", readers), ("Who they were", gone),
                  ("Answered", one.settled), ("On the wire", one.ahead - one.settled),
                  ("Claimed", f"{one.token} times"), ("Lease until", one.lease_until), ("Not before", one.not_before),
                  ("Language", one.variant.language),
                  ("Relay", one.relay.name if one.relay else "any that works")]  # fmt: skip
    item.counts = [(state, code, int(n)) for state, code, n in statements.listed(CODES, one.send_id, one.pk)]
    item.links = [("Its edition", "edition_page", one.send.edition_id)]
    item.events = [Event(at, words) for at, words in (
        (one.send.started_at, "Its send began."), (one.rung_at, "It moved, or a worker was last asked for it."),
    ) if at]  # fmt: skip
    for doubt in Ambiguity.objects.filter(send=one.send_id, chunk=one.number).order_by("-pk")[:ENTRIES]:
        many = doubt.last - doubt.first + 1
        item.events.append(Event(doubt.at, f"{many} in doubt, {doubt.resolution}: {doubt.reason}."))
    item.events += _people(f"send:{one.send_id}:chunk:{one.number}", f"send:{one.send_id}")
    return item


def _reader(number: str) -> Item:
    send, _, reader = number.partition("-")
    if not is_id("reader", number):
        raise Http404
    one = DeliveryException.objects.filter(send=int(send), subscriber_id=int(reader)).first()
    if one is None:
        raise Http404
    relays = dict(Relay.objects.values_list("pk", "name"))
    newsletter = one.send.edition.newsletter
    acts = () if one.retry_chunk else listed.acts_in([one.state])
    way = providers.way(one.provider_class, relays.get(one.answered_by, ""))
    item = Item(rows.Row("reader", number, f"Reader {reader} of send {send}", "reader", one.state, one.at,
                         one.next_attempt_at, one.code, naming.newsletter(newsletter), way, one.attempts,
                         acts, newsletter))  # fmt: skip
    item.facts = [("Attempts", one.attempts), ("In doubt", f"{one.doubts} times"), ("Next try", one.next_attempt_at),
                  ("Held by", f"retry chunk {one.retry_chunk}" if one.retry_chunk else None),
                  ("To go by", relays.get(one.relay or 0)), ("Chunk", one.chunk)]  # fmt: skip
    chunk = Chunk.objects.filter(send=one.send_id, number=one.chunk).values_list("pk", flat=True).first()
    item.links = [("Its edition", "edition_page", one.send.edition_id), ("Its chunk", "chunk", chunk or 0)]
    by = relays.get(one.answered_by, "")
    item.events = [Event(one.at, f"{one.code} {'from ' + by if by else ''}".strip(), "reader", one.state)]
    item.events += [_earlier(text, relays) for text in one.past]
    item.events += _people(f"send:{send}:reader:{reader}", f"send:{send}", f"send:{send}:{one.state}")
    return item


def _earlier(text: str, relays: dict[int, str]) -> Event:
    """A line of DeliveryException.past."""
    at, state, relay, *code = text.split(" ")
    by = relays.get(int(relay), "")
    moment = datetime.fromisoformat(at).astimezone(UTC)
    return Event(moment, f"{' '.join(code)} {'from ' + by if by else ''}".strip(), "reader", state)


def _letter(number: str) -> Item:
    one: Letter = _one("letter", number)
    item = Item(rows.ROW_OF["letter"](one))
    item.facts = [("Language", one.language), ("Attempts", one.attempts), ("Its link ends", one.expires_at)]
    if one.state == Letter.State.WAITING:
        item.facts.append(("Next try", one.next_attempt_at))
    item.events = [Event(one.written_at, "It was written, as somebody asked for it.")]
    item.events += _people(f"letter:{one.pk}")
    item.events += [event for event in _people(f"letters:{one.kind}") if event.at >= one.written_at]
    return item


def _post(number: str) -> Item:
    one: Post = _one("post", number)
    item = Item(rows.ROW_OF["post"](one), [("Channel", one.channel.name), ("Due", one.due_at), ("Posted", one.sent_at)])
    item.links = [("Its story", "story", one.story_id)]
    item.events = [Event(one.created_at, "It was written.")]
    for attempt in one.attempts.order_by("-number")[:ENTRIES]:
        took = attempt.finished_at - attempt.started_at if attempt.finished_at else None
        said = f"Attempt {attempt.number}" + (f", {took.total_seconds():.1f} s" if took is not None else "")
        item.events.append(Event(attempt.finished_at or attempt.started_at, said, "attempt", attempt.outcome or "open"))
    item.events += [
        Event(
            each.finished_at or each.asked_at, f"To {each.act} it there. {each.trouble}".strip(), "change", each.state
        )
        for each in one.changes.all()[:ENTRIES]
    ]
    item.events += _people(f"post:{one.pk}")
    return item


def _people(*targets: str) -> Iterator[Event]:
    entries = AuditEntry.objects.filter(target__in=targets).select_related("who").order_by("-pk")[:ENTRIES]
    for entry in entries:
        who = (entry.who.name or entry.who.email) if entry.who else "Dispatch"
        yield Event(entry.at, entry.act, who=who, why=entry.reason)


OF: dict[str, Callable[[str], Item]] = {
    "webhook": _webhook, "article": _article, "edition": _edition, "chunk": _chunk, "reader": _reader,
    "letter": _letter, "post": _post,
}  # fmt: skip
