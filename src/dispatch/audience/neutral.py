"""The neutral host: where the links of discreet letters lead (DISPATCH_DISCREET_URL). Nothing there says whose it is.

It has the pages that a reader's own link opens and their style sheet; whatever else is asked for is not there, and neither
the sign-in nor a page that names a newsletter can be found by trying.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.templatetags.static import static
from django.urls import Resolver404, resolve

from dispatch.audience.models import Rhythm

PAGES = {"leave", "preferences", "choose", "move"}
"""What discreet letters, and the letters that their pages mail, lead to; by the names of `urls`."""
STYLE = "reader.css"


class Host:
    """Middleware, before any that serves files: on the neutral host all but those pages is empty."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass, or 404 without a word."""
        if is_at(request) and not _is_there(request.path_info):
            return HttpResponseNotFound(content_type="text/plain; charset=utf-8")
        return self.get_response(request)


def is_at(request: HttpRequest) -> bool:
    """Whether this came to the neutral host, and the newsroom has one."""
    neutral, own = urlsplit(settings.DISCREET_URL).netloc, urlsplit(settings.PUBLIC_URL).netloc
    return neutral.lower() not in {"", own.lower()} and request.get_host().lower() == neutral.lower()


def site(*, is_discreet: bool) -> str:
    """What a reader's links begin with."""
    return (settings.DISCREET_URL if is_discreet else "") or settings.PUBLIC_URL


def is_wished_by(subscriber: int | None) -> bool:
    """Whether this reader's letters are discreet."""
    return Rhythm.objects.filter(subscription__subscriber=subscriber, discreet=True).exists()


def _is_there(path: str) -> bool:
    if path == static(STYLE):
        return True
    try:
        return resolve(path).url_name in PAGES
    except Resolver404:
        return False
