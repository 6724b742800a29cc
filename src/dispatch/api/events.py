"""What others can be told of, and how it reads on the wire: ids, states and a link. Whoever wants more asks with a token."""

import json
from datetime import UTC
from typing import Any

from django.conf import settings
from django.urls import reverse

from dispatch.api.models import Delivery

TEST = "endpoint.test"
KINDS = {
    "story.planned": "A language of a story was taken in, and it is planned what becomes of it",
    "story.withdrawn": "A language of a story was taken back",
    "post.sent": "A post is out",
    "post.refused": "A network refused a post, and somebody has to decide",
    "post.unknown": "Nobody knows whether a post is out: somebody has to look",
    "post.late": "A post was not sent at its moment: somebody has to say what becomes of it",
    "post.gone": "A post was out, and was taken back",
    "edition.sent": "An edition’s mail begins to leave",
    "edition.held": "An edition waits for a second person, or paused by itself",
    "edition.late": "An edition was not sent at its moment: somebody has to say what becomes of it",
    "send.paused": "A send was paused",
    "send.finished": "A send is over: everybody was answered for",
    "send.cancelled": "A send was cancelled",
    "send.unbalanced": "A send does not add up: somebody has to look",
    "stop.pulled": "A STOP was pulled",
    "stop.lifted": "A STOP was lifted",
}
"""By the name that api/sql/events.sql and late.sql give them."""


def body(delivery: Delivery) -> str:
    """The payload, the same in each attempt (Standard Webhooks, "thin")."""
    moment = delivery.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data = {**delivery.data, "link": f"{settings.PUBLIC_URL}{_page(delivery.data)}"}
    return json.dumps({"type": delivery.kind, "timestamp": moment, "data": data}, separators=(",", ":"))


def _page(data: dict[str, Any]) -> str:
    """Where people see it."""
    match data:
        case {"edition": edition}:
            return reverse("edition_page", args=[edition])
        case {"post": post, "story": story}:
            return f"{reverse('story', args=[story])}#post-{post}"
        case {"story": story}:
            return reverse("story", args=[story])
        case {"stop": _}:
            return f"{reverse('queue')}#stop"
        case _:
            return reverse("home")
