"""One reader of a send: each answer to their letter, and who did what to it. Known until the send's details are forgotten."""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.http import Http404

from dispatch.delivery.models import Chunk, DeliveryException, Mended, Relay, Send
from dispatch.desk import naming
from dispatch.operations.items import providers, readers, rows, told
from dispatch.operations.items.told import Event, Item
from dispatch.operations.items.wanted import is_id

State = DeliveryException.State
ANSWERS = (State.DEFERRED, State.REFUSED, State.UNKNOWN)
"""What a relay says to a letter; other states have other causes."""
MUTE = (State.CANCELLED, State.OWED)
"""Their code is that of the answer before."""


def of(number: str) -> Item:
    """Raises Http404 where nothing is known of such a reader: accepted at once, not of that send, or forgotten."""
    if not is_id("reader", number):
        raise Http404
    send, reader = map(int, number.split("-"))
    one = DeliveryException.objects.filter(send=send, subscriber_id=reader).first()
    mended = Mended.objects.filter(send=send, subscriber_id=reader).first()
    relays = dict(Relay.objects.values_list("pk", "name"))
    if one is not None:
        item = _excepted(number, one, relays)
    elif mended is not None:
        item = _accepted(number, mended, relays)
    else:
        raise Http404
    item.events = [*_events(one, mended, relays), *told.upon_send(send)]
    item.events += told.entries(_deeds([*(mended.past if mended else []), *(one.past if one else [])]))
    return item


def _excepted(number: str, one: DeliveryException, relays: dict[int, str]) -> Item:
    acts = () if one.retry_chunk else readers.acts_in([one.state])
    item = _item(
        number, one, relays, shape_of="reader", word=one.state, until=one.next_attempt_at, why=one.code, acts=acts
    )
    item.facts += [("In doubt", f"{one.doubts} times"), ("Next try", one.next_attempt_at),
                   ("Held by", f"retry chunk {one.retry_chunk}" if one.retry_chunk else None),
                   ("To go by", relays.get(one.relay or 0))]  # fmt: skip
    return item


def _accepted(number: str, one: Mended, relays: dict[int, str]) -> Item:
    return _item(number, one, relays, shape_of="letter", word="sent")


def _item(
    number: str, one: DeliveryException | Mended, relays: dict[int, str], *, shape_of: str, word: str, **more: object
) -> Item:
    edition = Send.objects.select_related("edition__newsletter").get(pk=one.send_id).edition
    newsletter, way = edition.newsletter, providers.way(one.provider_class, relays.get(one.answered_by, ""))
    row = rows.Row("reader", number, f"Reader {one.subscriber_id} of send {one.send_id}", shape_of, word, one.at,
                   of=naming.newsletter(newsletter), way=way, tries=one.attempts, owned=newsletter, **more)  # type: ignore[arg-type]  # fmt: skip
    chunk = Chunk.objects.filter(send=one.send_id, number=one.chunk).values_list("pk", flat=True).first()
    links = [("Its edition", "edition_page", edition.pk), ("Its chunk", "chunk", chunk or 0)]
    return Item(row, [("Attempts", one.attempts), ("Chunk", one.chunk)], links=links)


def _events(one: DeliveryException | None, mended: Mended | None, relays: dict[int, str]) -> Iterator[Event]:
    if mended:
        yield from _earlier(mended.past, relays)
        yield Event(mended.at, _from(mended.answered_by, relays), "letter", "sent")
    if one:
        yield from _earlier(one.past, relays)
        if not (
            one.past and _moment(one.past[-1]) == one.at
        ):  # else its last line tells already how it came to stand so
            yield _stands(one.at, one.state, one.answered_by, one.code, relays)


def _earlier(past: list[str], relays: dict[int, str]) -> Iterator[Event]:
    """The lines of DeliveryException.past, but for people's acts."""
    for line in past:
        _, what, which, *code = line.split(" ")
        if what == "expired":
            yield Event(_moment(line), "The edition's time to be tried was over.", "reader", which)
        elif what != "act":
            yield _stands(_moment(line), what, int(which), " ".join(code), relays)


def _stands(at: datetime, state: str, relay: int, code: str, relays: dict[int, str]) -> Event:
    by = _from(relay, relays) if state in ANSWERS else ""
    return Event(at, "" if state in MUTE else f"{code} {by}".strip(), "reader", state)


def _deeds(past: list[str]) -> Iterator[int]:
    """The audit log's entries of people's acts that reached this reader."""
    for line in past:
        _, what, which, *_ = line.split(" ")
        if what == "act":
            yield int(which)


def _from(relay: int, relays: dict[int, str]) -> str:
    return f"from {relays[relay]}" if relay in relays else ""


def _moment(line: str) -> datetime:
    return datetime.fromisoformat(line.partition(" ")[0]).astimezone(UTC)
