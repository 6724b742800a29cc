"""Readers' pages. They show no address, set no cookie, change nothing on GET, and answer the same to a token that is none."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from dispatch import openpgp
from dispatch.audience import (
    addresses,
    confirming,
    forms,
    leaving,
    letters,
    moving,
    pages,
    preferences,
    rhythms,
    tokens,
)
from dispatch.audience import neutral as neutral_host
from dispatch.audience.models import Letter, Subscriber, Subscription

Kind = Letter.Kind


@csrf_exempt  # the token is the proof; RFC 8058 forbids asking for a cookie
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button. POST leaves: from the button, or in one click from the mailbox (RFC 8058).

    A forwarded mail brings this link to strangers, so undoing takes a letter to the reader's own mailbox.
    """
    return leaving_page(request, tokens.find(token))


def leaving_page(request: HttpRequest, subscription: Subscription | None) -> HttpResponse:
    """That page for whomever a link names."""
    if request.method != "POST":
        return pages.about(request, "leave", subscription)
    if request.POST.get("act") == "undo":
        if subscription is not None:
            preferences.mail_link(subscription)
        return pages.about(request, "mailed", subscription)
    if subscription is not None:
        leaving.leave(subscription)
    if request.POST.get("List-Unsubscribe") == "One-Click":
        return pages.quiet(HttpResponse("", content_type="text/plain; charset=utf-8"))
    return pages.about(request, "left", subscription)


@csrf_exempt  # the token is the proof, and no cookie stands for anyone
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def neutral(request: HttpRequest, token: str) -> HttpResponse:
    """Where mails' own links lead: it shows nothing of the reader, and mails them a fresh link."""
    subscription = tokens.find(token)
    if request.method != "POST":
        return pages.about(request, "preferences", subscription, leave_url=reverse("leave", args=[token]))
    if subscription is not None:
        preferences.mail_link(subscription)
    return pages.about(request, "mailed", subscription)


@csrf_exempt  # likewise
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """What a sign-up's letter leads to: GET shows what was asked for, POST agrees."""
    letter = letters.opened(token, Kind.CONFIRM)
    if letter is None:
        return pages.over(request)
    if request.method == "POST" and confirming.confirm(letter):
        return pages.of_letter(request, "confirmed", letter, choose_url=reverse("choose", args=[token]))
    wishes = confirming.asked_for(letter)
    return pages.of_letter(request, "confirm", letter, wishes=wishes) if wishes else pages.over(request, letter)


@csrf_exempt  # likewise
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, token: str) -> HttpResponse:
    """A reader's preferences, by a freshly mailed link: GET shows them, POST takes one of the page's forms."""
    letter = letters.opened(token, Kind.PREFERENCES, Kind.CONFIRM, Kind.KEY)
    reader = preferences.reader_of(letter) if letter else None
    if letter is None or reader is None:
        return pages.over(request)
    is_neutral = neutral_host.is_at(request)
    told, is_trouble = _act(request, letter, reader) if request.method == "POST" else ("", False)
    return pages.of_letter(
        request,
        "choose",
        letter,
        choices=preferences.choices(reader, only_theirs=is_neutral),
        name=preferences.name(reader),
        key=preferences.key(reader),
        paused_until=preferences.paused_until(reader),
        weeks=forms.WEEKS,
        most=forms.MOST,
        zones=forms.zones(),
        wishes=rhythms.wishes_of(reader),
        mirrors=() if is_neutral else settings.MIRRORS,
        pattern=forms.safe_pattern(),
        told=told,
        is_trouble=is_trouble,
    )


def _act(request: HttpRequest, letter: Letter, reader: Subscriber) -> tuple[str, bool]:
    """What to tell the reader, by the name of its words, and whether it is trouble."""
    match request.POST.get("act"):
        case "move":
            return _move(reader, letter, request.POST.get("address", ""))
        case "key":
            return _encrypt(reader, request.POST.get("key", ""))
        case "no_key":
            preferences.encrypt_to(reader, None)
            return "key_gone", False
        case "forget":
            preferences.leave_everything(reader)
            return "forgotten", False
        case "save":
            chosen = forms.choices(request.POST, preferences.newsletters())
            weeks, wishes = forms.pause(request.POST), forms.wishes(request.POST)
            preferences.save(reader, chosen, forms.name(request.POST), weeks, wishes)
            return "saved", False
    return "", False  # an empty POST would otherwise untick everything


def _move(reader: Subscriber, letter: Letter, address: str) -> tuple[str, bool]:
    try:
        moving.ask(reader, letter, address)
    except addresses.Malformed:
        return "no_address", True
    return "both_asked", False


def _encrypt(reader: Subscriber, pasted: str) -> tuple[str, bool]:
    try:
        preferences.encrypt_to(reader, openpgp.read(pasted))
    except openpgp.Unusable as problem:
        return f"key_{problem}", True
    return "key_saved", False


@csrf_exempt  # likewise
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, token: str) -> HttpResponse:
    """One of the two mailboxes of a change of address: GET shows a button, POST agrees."""
    letter = letters.opened(token, Kind.OLD_ADDRESS, Kind.NEW_ADDRESS)
    if letter is None or letter.used_at:
        return pages.over(request, letter)
    if request.method != "POST":
        return pages.of_letter(request, "move", letter)
    return pages.of_letter(request, "moved", letter) if moving.agree(letter) else pages.over(request, letter)
