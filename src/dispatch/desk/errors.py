"""Pages for what went wrong: short, in the desk's look, never a traceback."""

import functools
import logging
from collections.abc import Callable

from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

from dispatch.audience import old_links

log = logging.getLogger(__name__)
Page = Callable[[HttpRequest, Exception], HttpResponse]

FORBIDDEN = "Your account may not do this. An administrator can change your role."
FORGED = (
    "This form was open too long, or cookies are off. Go back, reload the page and send it again; nothing was changed."
)


def apart(page: Page) -> Page:
    """Django makes a refusal's page in a thread of its own (django.core.handlers.exception) and never tells it that its work
    is done. So what that thread holds of the database is given back here: kept, it would be lost with the database's next
    restart, and each such page be a 500 from then on. Why one cannot be made is told here, since Django does not tell it."""

    @functools.wraps(page)
    def made(request: HttpRequest, exception: Exception) -> HttpResponse:
        try:
            return page(request, exception)
        except Exception:  # whatever it was; Django answers it
            log.exception("the page of a refusal could not be made")
            raise
        finally:
            for session in connections.all(initialized_only=True):
                if not session.in_atomic_block:  # whoever began that goes on with it
                    session.close_if_unusable_or_obsolete()

    return made


@apart
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """400."""
    return _page(request, 400, "This request cannot be read", "Check the address, or go back and try again.")


@apart
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403, in the words of whoever refused."""
    return _page(request, 403, "Not for this account", str(exception) or FORBIDDEN)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """403: the form's token is missing or old."""
    return _page(request, 403, "Please send that again", FORGED)


@apart
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """404, unless it is a link of a mail that another system sent."""
    if page := old_links.answer(request):
        return page
    return _page(request, 404, "There is nothing here", "The address may be mistyped, or what it named is gone.")


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """500, without asking the database: it may be what is away."""
    words = "It is not your fault, and it is in the log. Try again in a minute; Health says how things are."
    return HttpResponse(loader.render_to_string("desk/error.html", _said("Something broke here", words)), status=500)


def _page(request: HttpRequest, status: int, title: str, words: str) -> HttpResponse:
    return render(request, "desk/error.html", _said(title, words), status=status)


def _said(title: str, words: str) -> dict[str, str]:
    return {"what": title, "words": words}
