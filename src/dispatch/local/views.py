"""The demo's pages: what its receivers got, to look at. Nothing here touches a real reader or network."""

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from dispatch.accounts.models import Role
from dispatch.accounts.permissions import requires
from dispatch.editions import lighting
from dispatch.local import inbox, wall

PAGE = 50
OPTIONS = {
    "view": {"html": "HTML", "plain": "Plain text", "headers": "Headers", "source": "Source"},
    "width": {"desktop": "Desktop", "phone": "Phone"},
    "scheme": {"light": "Light", "dark": "Dark"},
}
FRAMED = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'self'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""A mail may style itself and open a link in a new tab; it runs nothing and loads nothing."""


@dataclass(frozen=True)
class Choice:
    """One of a few ways to look."""

    name: str
    path: str
    is_current: bool


@requires(Role.EDITOR)
def inbox_list(request: HttpRequest) -> HttpResponse:
    """Every mail that arrived, the newest first."""
    asked = {name: request.GET.get(name, "").strip() for name in ("words", "newsletter", "language")}
    wanted = inbox.Wanted(**asked)
    found = inbox.letters(wanted, before=_number(request.GET.get("before")), limit=PAGE + 1)
    older = urlencode({**asked, "before": found[PAGE - 1].number}) if len(found) > PAGE else ""
    context = {
        "letters": found[:PAGE],
        "count": inbox.count(wanted),
        "total": inbox.count(),
        "wanted": wanted,
        "newsletters": inbox.choices("newsletter"),
        "languages": inbox.choices("language"),
        "older": older,
    }
    return render(request, "local/inbox.html", context)


@requires(Role.EDITOR)
def letter(request: HttpRequest, number: int) -> HttpResponse:
    """One mail: as a reader sees it, as text, its headers, its source."""
    found, raw = _found(number)
    message = inbox.parsed(raw)
    now = {name: _one_of(request, name, options) for name, options in OPTIONS.items()}
    if now["view"] == "html" and not inbox.body(message, "html"):
        now["view"] = "plain"
    context = {
        "letter": found,
        "now": now,
        "choices": {name: _choices(name, options, now) for name, options in OPTIONS.items()},
        "content": _content(message, raw, now["view"]),
    }
    return render(request, "local/letter.html", context)


@requires(Role.EDITOR)
def letter_html(request: HttpRequest, number: int) -> HttpResponse:
    """A mail's HTML alone, for a sandboxed frame, by day or by night; its links open in a new tab."""
    html = inbox.body(inbox.parsed(_found(number)[1]), "html")
    html = lighting.lit(html, _one_of(request, "scheme", OPTIONS["scheme"])).replace(
        "<head>", '<head><base target="_blank">', 1
    )
    page = HttpResponse(html)
    page["Content-Security-Policy"] = FRAMED
    page["X-Frame-Options"] = "SAMEORIGIN"
    return page


@requires(Role.EDITOR)
def wall_picture(request: HttpRequest, number: int) -> HttpResponse:  # noqa: ARG001 - a view
    """A picture that a stand-in network was given."""
    found = wall.picture(number)
    if found is None:
        raise Http404
    return HttpResponse(found[1], content_type=found[0])


@requires(Role.EDITOR)
def wall_page(request: HttpRequest) -> HttpResponse:
    """Each post as its network would show it."""
    posts = wall.posts()
    columns = [(key, name, [one for one in posts if one.network == key]) for key, name in wall.NETWORKS.items()]
    return render(request, "local/wall.html", {"columns": columns, "count": len(posts)})


def _found(number: int) -> tuple[inbox.Letter, bytes]:
    found = inbox.letter(number)
    if found is None:
        raise Http404(f"There is no letter {number}.")
    return found


def _content(message: EmailMessage, raw: bytes, view: str) -> Any:
    if view == "headers":
        return list(message.items())
    if view == "plain":
        return inbox.body(message, "plain")
    return raw.decode("utf-8", "replace").replace("\r\n", "\n") if view == "source" else ""


def _one_of(request: HttpRequest, name: str, options: dict[str, str]) -> str:
    asked = request.GET.get(name, "")
    return asked if asked in options else next(iter(options))


def _choices(name: str, options: dict[str, str], now: dict[str, str]) -> list[Choice]:
    return [
        Choice(words, "?" + urlencode({**now, name: value}), now[name] == value) for value, words in options.items()
    ]


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 15 else 0
