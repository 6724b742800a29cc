"""What a call names by its number: for this token's eyes, and where it acts, of its person's own desks."""

from django.http import HttpRequest

from dispatch.accounts import desks
from dispatch.api import door, seen
from dispatch.api.problems import Problem
from dispatch.articles.models import Story
from dispatch.delivery.models import Send
from dispatch.editions.models import Edition
from dispatch.social.models import Post


def story(request: HttpRequest, number: int) -> Story:
    """Raises Problem, as each of these does where there is nothing for these eyes."""
    return seen.one(seen.stories(door.token_of(request)), number)


def post(request: HttpRequest, number: int) -> Post:
    """To be read."""
    return seen.one(seen.posts(door.token_of(request)), number)


def own_post(request: HttpRequest, number: int) -> Post:
    """To be acted on. Raises PermissionDenied, as each of these does where it is another desk's."""
    found = post(request, number)
    desks.insist(door.token_of(request).user, found.channel)
    return found


def edition(request: HttpRequest, number: int) -> Edition:
    """To be read."""
    return seen.one(seen.editions(door.token_of(request)), number)


def own_edition(request: HttpRequest, number: int) -> Edition:
    """To be acted on."""
    found = edition(request, number)
    desks.insist(door.token_of(request).user, found.newsletter)
    return found


def send(request: HttpRequest, number: int) -> Send:
    """To be read."""
    found = seen.editions(door.token_of(request)).filter(send=number).first()
    if found is None:
        raise Problem("not-found")
    return found.send


def own_send(request: HttpRequest, number: int) -> Send:
    """To be acted on."""
    found = send(request, number)
    desks.insist(door.token_of(request).user, found.edition.newsletter)
    return found


def matching(request: HttpRequest, stands: int) -> int | None:
    """The version that If-Match names; None: it is not sent. Raises Problem where another one stands."""
    said = request.headers.get("If-Match", "").strip().removeprefix("W/")  # a proxy that compresses weakens an ETag
    if said not in {"", "*", f'"{stands}"'}:
        raise Problem("changed", f"It is version {stands} now.")
    return stands if said else None
