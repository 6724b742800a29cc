"""What stands around every page: the rooms a person may enter, and each STOP in force."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from dispatch import staging
from dispatch.accounts import desks, permissions, stopping
from dispatch.accounts.models import Role, Stop, User
from dispatch.audience.models import Newsletter
from dispatch.desk import naming, states
from dispatch.social import recurring
from dispatch.social.models import Channel, Post

ROOMS = (
    ("Home", "home", Role.EDITOR),
    ("Stories", "stories", Role.EDITOR),
    ("Calendar", "calendar", Role.EDITOR),
    ("Newsletters", "newsletters", Role.EDITOR),
    ("Channels", "channels", Role.EDITOR),
    ("Queue", "queue", Role.OPERATOR),
    ("Exports", "exports", Role.OPERATOR),
    ("Readers", "reader", Role.OPERATOR),
    ("Webhooks", "webhooks_out", Role.OPERATOR),
    ("Health", "health", Role.EDITOR),
    ("Telling", "telling", Role.OPERATOR),
    ("People", "people", Role.ADMINISTRATOR),
    ("Audit", "audit_log", Role.OPERATOR),
    ("Inbox", "inbox", Role.EDITOR),
    ("Wall", "wall", Role.EDITOR),
)
"""Name, url name, who may enter. Inbox and Wall exist in the demo only."""


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
        "rooms": lambda: list(rooms(request)),
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


def rooms(request: HttpRequest) -> Iterator[Room]:
    """Those this person may enter, and which one they are in."""
    if not isinstance(request.user, User):
        return
    for name, target, role in ROOMS:
        try:
            path = reverse(target)
        except NoReverseMatch:
            continue
        if permissions.may(request.user, role):
            inside = request.path == path if target == "home" else request.path.startswith(path.rstrip("/"))
            yield Room(name, path, inside)


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
