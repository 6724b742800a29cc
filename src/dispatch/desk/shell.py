"""What stands around every page: the rooms a person may enter, and each STOP in force."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.template.backends.utils import csrf_input
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from dispatch import staging
from dispatch.accounts import desks, permissions, stopping
from dispatch.accounts.models import Role, Stop, User
from dispatch.audience.models import Newsletter
from dispatch.desk import naming, states
from dispatch.social import recurring
from dispatch.social.models import Channel, Post

DESK = (
    ("Home", "home", Role.EDITOR),
    ("Stories", "stories", Role.EDITOR),
    ("Calendar", "calendar", Role.EDITOR),
    ("Newsletters", "newsletters", Role.EDITOR),
    ("Channels", "channels", Role.EDITOR),
)
OPERATIONS = (
    ("Queue", "queue", Role.OPERATOR),
    ("Health", "health", Role.EDITOR),
    ("Domains", "domains", Role.OPERATOR),
    ("Readers", "reader", Role.OPERATOR),
    ("Exports", "exports", Role.OPERATOR),
    ("Telling", "telling", Role.OPERATOR),
    ("Webhooks", "webhooks_out", Role.OPERATOR),
    ("People", "people", Role.ADMINISTRATOR),
    ("Audit", "audit_log", Role.OPERATOR),
)
DEMO = (("Inbox", "inbox", Role.EDITOR), ("Wall", "wall", Role.EDITOR))
ROOMS = {"The desk": DESK, "Operations": OPERATIONS, "The demo": DEMO}
"""By group: name, url name, who may enter."""
ALSO = {"home": ("/posts/",), "newsletters": ("/editions/", "/sends/"), "health": ("/operations/relays/",)}
"""Where else one is in a room."""


@dataclass(frozen=True)
class Room:
    """An entry of the navigation."""

    name: str
    path: str
    is_current: bool


@dataclass(frozen=True)
class Held:
    """A STOP in words."""

    id: int
    words: str
    reason: str


def context(request: HttpRequest) -> dict[str, Any]:
    """For base.html. Callables, so that a page that does not show them does not ask the database."""
    return {
        "csrf_input": SimpleLazyObject(lambda: csrf_input(request)),  # one for all forms: making it costs 0.1 ms
        "rooms": lambda: rooms(request),
        "stops": lambda: [Held(stop.pk, words(stop), stop.reason) for stop in stopping.in_force()],
        "messages": lambda: messages.get_messages(request),
        "state": states.of,
        "zone": settings.TIME_ZONE,
        "rehearsal": staging.is_on(),
        "second_factor": settings.SECOND_FACTOR,
        "name_of": naming.newsletter,
        "brings": naming.brings,
        "seen_at": seen_at,
        "again": recurring.described,
        "mine": lambda *owned: isinstance(request.user, User) and desks.may_touch(request.user, *owned),
        "may": lambda role: isinstance(request.user, User) and permissions.may(request.user, Role(role)),
    }


def rooms(request: HttpRequest) -> dict[str, list[Room]]:
    """Those this person may enter, by group, and which one they are in; no group is empty."""
    found = {group: list(_open(request, entries)) for group, entries in ROOMS.items()}
    return {group: entries for group, entries in found.items() if entries}


def _open(request: HttpRequest, entries: tuple[tuple[str, str, Role], ...]) -> Iterator[Room]:
    for name, target, role in entries:
        try:
            path = reverse(target)
        except NoReverseMatch:  # of the demo, and this is none
            continue
        if isinstance(request.user, User) and permissions.may(request.user, role):
            yield Room(name, path, _is_inside(request.path, target, path))


def _is_inside(here: str, target: str, path: str) -> bool:
    below = () if target == "home" else (path.rstrip("/"),)
    return here == path or here.startswith((*below, *ALSO.get(target, ())))


def seen_at(post: Post) -> str:
    """Where to look at a post; in the demo none of them left, and its wall shows them."""
    return f"{reverse('wall')}#{post.channel.network}" if settings.DEMO else post.remote_url


def words(stop: Stop) -> str:
    """What it holds: "No mail and no post leaves"."""
    if stop.scope == Stop.Scope.EVERYTHING:
        return "No mail and no post leaves."
    assert stop.target is not None
    if stop.scope == Stop.Scope.NEWSLETTER:
        slug = Newsletter.objects.filter(pk=stop.target).values_list("slug", flat=True).first()
        return f"No mail of {slug or 'a newsletter that is gone'} leaves."
    name = Channel.objects.filter(pk=stop.target).values_list("name", flat=True).first()
    return f"Nothing is posted to {name or 'a channel that is gone'}."
