"""How readers' pages are made: in which words, and without a trace."""

from datetime import datetime

from babel import dates
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language_from_request

from dispatch.audience import neutral, wording
from dispatch.audience.models import Letter, Newsletter, Subscription


def about(request: HttpRequest, page: str, subscription: Subscription | None, **more: object) -> HttpResponse:
    """A page about a subscription, or the same about none."""
    newsletter = subscription.newsletter if subscription else None
    return of(request, page, newsletter, subscription.language if subscription else "", **more)


def of_letter(request: HttpRequest, page: str, letter: Letter, **more: object) -> HttpResponse:
    """A page that a letter's link leads to."""
    return of(request, page, None, letter.language, **more)


def over(request: HttpRequest, letter: Letter | None = None) -> HttpResponse:
    """Of a link that is none, or none any more."""
    return of(request, "over", None, letter.language if letter else "")


def of(request: HttpRequest, page: str, newsletter: Newsletter | None, language: str, **more: object) -> HttpResponse:
    """A page in the language that is asked for, else in `language`, else in the browser's. On the neutral host it names no
    newsletter."""
    words = wording.words(_language(request, language))

    is_neutral = neutral.is_at(request)

    def called(one: Newsletter) -> str:
        return "" if is_neutral else newsletter_name(one, words["language"])

    context = {
        "words": words,
        "newsletter": newsletter,
        "newsletter_name": called(newsletter) if newsletter else "",
        "called": called,
        "day": lambda moment: date(moment, words["language"]),
        "languages": dict(settings.LANGUAGES),
        **more,
    }
    return quiet(render(request, f"audience/{page}.html", context))


def newsletter_name(newsletter: Newsletter, language: str) -> str:
    """Its name in the language, else in English, else any, else its slug."""
    names = newsletter.names
    return str(names.get(language) or names.get("en") or next(iter(names.values()), newsletter.slug))


def date(moment: datetime, language: str) -> str:
    """The day in words."""
    return dates.format_date(
        timezone.localtime(moment), "long", locale="en_GB" if language == "en" else language.partition("-")[0]
    )


def quiet(response: HttpResponse) -> HttpResponse:
    """No search engine keeps it, and no page learns where its visitor came from."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _language(request: HttpRequest, known: str) -> str:
    asked = request.GET.get("lang", "").lower() or request.POST.get("lang", "").lower()
    if asked in dict(settings.LANGUAGES):
        return asked
    return known or get_language_from_request(request)
