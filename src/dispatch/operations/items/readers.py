"""Readers of sends as items of a list, by number: found through their heaps, so that nobody else is looked at."""

from collections.abc import Iterable
from typing import Any

from dispatch.delivery import heaps
from dispatch.delivery.models import DeliveryException, Heap, Relay, Send
from dispatch.desk import naming
from dispatch.operations.items import providers
from dispatch.operations.items.wanted import Wanted

State = DeliveryException.State
STATES = {
    "deferred": (State.DEFERRED,),
    "failed": (State.REFUSED, State.FAILED_RENDER),
    "unknown": (State.UNKNOWN,),
    "done": (State.BOUNCED, State.COMPLAINED, State.SKIPPED, State.CANCELLED, State.OWED),
}
"""By column of the queue; readers who are due or under way are positions of a chunk."""


def matching(wanted: Wanted) -> list[Heap]:
    """The heaps whose readers are wanted: the newest send's first, in it the largest."""
    found = Heap.objects.all()
    if wanted.column:
        found = found.filter(state__in=STATES.get(wanted.column, ()))
    if wanted.newsletter:
        found = found.filter(send__edition__newsletter__slug=wanted.newsletter)
    if wanted.provider:
        found = found.filter(provider_class=providers.NUMBERS[wanted.provider])
    if wanted.relay:
        found = found.filter(relay_id__in=Relay.objects.filter(name=wanted.relay).values("pk"))
    exactly = {"send": wanted.send, "state": wanted.state, "code": wanted.code}
    return list(found.filter(**{name: value for name, value in exactly.items() if value}).order_by("-send", "-readers"))


def find(wanted: Wanted, most: int) -> tuple[list[dict[str, Any]], int]:
    """Rows' values, and how many readers match in all."""
    found = matching(wanted)
    listed = heaps.listed(found, wanted.skip, most)
    sends = Send.objects.select_related("edition__newsletter").in_bulk({one.send for one in listed})
    relays = dict(Relay.objects.values_list("pk", "name"))
    return [_row(one, sends[one.send], relays) for one in listed], sum(heap.readers for heap in found)


def acts_in(states: Iterable[str]) -> tuple[str, ...]:
    """What may be asked for readers of one of these states at least."""
    there = set(states)
    return tuple(act for act, ours in heaps.FROM.items() if there & set(ours))


def _row(one: heaps.Standing, send: Send, relays: dict[int, str]) -> dict[str, Any]:
    newsletter = send.edition.newsletter
    is_open = send.state != Send.State.CANCELLED
    return {
        "id": f"{one.send}-{one.reader}",
        "title": f"Reader {one.reader} of send {one.send}",
        "shape_of": "reader",
        "word": one.state,
        "since": one.at,
        "until": one.next_at,
        "why": one.code,
        "of": naming.newsletter(newsletter),
        "way": providers.way(one.provider, relays.get(one.relay, "")),
        "tries": one.attempts,
        "acts": acts_in([one.state]) if is_open and not one.is_held else (),
        "owned": newsletter,
    }
