"""The whole history of one item: what was tried, what was answered, when, and what people did to it and why."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.http import Http404

from dispatch import retrying
from dispatch.audience.models import Letter
from dispatch.delivery import statements
from dispatch.delivery.models import Ambiguity, Chunk, Relay
from dispatch.operations.items import reader_history, rows, told
from dispatch.operations.items.told import Event, Item
from dispatch.operations.items.wanted import Wanted, is_id

if TYPE_CHECKING:
    from dispatch.articles.models import Article, WebhookDelivery
    from dispatch.editions.models import Edition
    from dispatch.social.models import Post

CODES = """
SELECT state, code, count(*) FROM delivery_exception
WHERE send_id = %s AND subscriber_id = ANY (SELECT unnest(recipients) FROM delivery_chunk WHERE id = %s)
GROUP BY state, code ORDER BY count(*) DESC, state, code LIMIT 20
"""


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
    item.events = [Event(one.received_at, "It arrived."), *told.people(f"webhook:{one.pk}")]
    item.events += [_taking(at, did) for at, did, _ in retrying.told(one.tries)]
    return item


def _taking(at: datetime, did: str) -> Event:
    if did == "failed":
        return Event(at, "It could not be taken in.", "item", "failed")
    return Event(at, f"It was taken in: {did}.")


def _article(number: str) -> Item:
    one: Article = _one("article", number)
    item = Item(rows.ROW_OF["article"](one), [("Source", one.source.name), ("Language", one.language)])
    item.links = [("Its story", "story", one.story_id)]
    item.events = [Event(r.received_at, f"Revision {r.number} arrived.") for r in one.revisions.defer("html", "text")]
    item.events += [Event(at, words) for at, words in (
        (one.published_at, "It was published there."), (one.planned_at, "What becomes of it was planned."),
    ) if at]  # fmt: skip
    item.events += told.people(f"article:{one.pk}")
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
    item.events += [
        Event(at, "Rendering was begun.") if word == "begun" else Event(at, said, "edition", word)
        for at, word, said in retrying.told(one.tries)
    ]
    item.events += told.people(f"edition:{one.pk}", *([f"send:{send.pk}"] if send else []))
    return item


def _chunk(number: str) -> Item:
    one: Chunk = _one("chunk", number)
    item = Item(rows.ROW_OF["chunk"](one))
    readers = statements.value("SELECT size FROM delivery_chunk WHERE id = %s", one.pk)
    gone = "forgotten, a week after the send's end" if one.send.is_forgotten else None
    item.facts = [("Readers", readers), ("Who they were", gone),
                  ("Answered", one.settled), ("On the wire", one.ahead - one.settled),
                  ("Claimed", f"{one.token} times"), ("Last by", one.claimed_by), ("Last claimed", one.claimed_at),
                  ("Lease until", one.lease_until), ("Not before", one.not_before),
                  ("Language", one.variant.language),
                  ("Relay", one.relay.name if one.relay else "any that works")]  # fmt: skip
    item.counts = [(state, code, int(n)) for state, code, n in statements.listed(CODES, one.send_id, one.pk)]
    item.links = [("Its edition", "edition_page", one.send.edition_id)]
    item.events = [Event(at, words) for at, words in (
        (one.send.started_at, "Its send began."), (one.rung_at, "It moved, or a worker was last asked for it."),
        (one.claimed_at, f"Claimed by {one.claimed_by}, the last time."),
    ) if at]  # fmt: skip
    for doubt in Ambiguity.objects.filter(send=one.send_id, chunk=one.number).order_by("-pk")[: told.ENTRIES]:
        many = doubt.last - doubt.first + 1
        item.events.append(Event(doubt.at, f"{many} in doubt, {doubt.resolution}: {doubt.reason}."))
    item.events += told.people(f"send:{one.send_id}:chunk:{one.number}")
    item.events += told.upon_send(one.send_id)
    return item


def _letter(number: str) -> Item:
    one: Letter = _one("letter", number)
    item = Item(rows.ROW_OF["letter"](one))
    item.facts = [("Language", one.language), ("Attempts", one.attempts), ("Its link ends", one.expires_at)]
    if one.state == Letter.State.WAITING:
        item.facts.append(("Next try", one.next_attempt_at))
    item.events = [Event(one.written_at, "It was written, as somebody asked for it.")]
    relays = dict(Relay.objects.values_list("pk", "name"))
    for at, state, said in retrying.told(one.tries):
        relay, _, code = said.partition(" ")
        by = relays.get(int(relay), "")
        item.events.append(Event(at, f"{code} {f'from {by}' if by else ''}".strip(), "letter", state))
    item.events += told.people(f"letter:{one.pk}")
    item.events += [event for event in told.people(f"letters:{one.kind}") if event.at >= one.written_at]
    return item


def _post(number: str) -> Item:
    one: Post = _one("post", number)
    item = Item(rows.ROW_OF["post"](one), [("Channel", one.channel.name), ("Due", one.due_at), ("Posted", one.sent_at)])
    item.links = [("Its story", "story", one.story_id)]
    item.events = [Event(one.created_at, "It was written.")]
    for attempt in one.attempts.order_by("-number")[: told.ENTRIES]:
        took = attempt.finished_at - attempt.started_at if attempt.finished_at else None
        said = f"Attempt {attempt.number}" + (f", {took.total_seconds():.1f} s" if took is not None else "")
        item.events.append(Event(attempt.finished_at or attempt.started_at, said, "attempt", attempt.outcome or "open"))
    item.events += [
        Event(
            each.finished_at or each.asked_at, f"To {each.act} it there. {each.trouble}".strip(), "change", each.state
        )
        for each in one.changes.all()[: told.ENTRIES]
    ]
    item.events += told.people(f"post:{one.pk}")
    return item


OF: dict[str, Callable[[str], Item]] = {
    "webhook": _webhook, "article": _article, "edition": _edition, "chunk": _chunk, "reader": reader_history.of,
    "letter": _letter, "post": _post,
}  # fmt: skip
