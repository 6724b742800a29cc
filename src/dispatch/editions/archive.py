"""What was sent, for everybody to follow: a page and an Atom feed (RFC 4287) a newsletter and language, without a mark of any
reader."""

import zoneinfo
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import require_safe

from dispatch.audience.models import Newsletter
from dispatch.editions import letters, slots, views, wording
from dispatch.editions.models import OWN, Variant

LISTED = 30
"""Editions that the page and the feed name, the latest first."""


@dataclass(frozen=True, slots=True)
class Past:
    """A letter that was sent, as its page names it."""

    subject: str
    preheader: str
    url: str
    at: datetime  # by the newsletter's clock
    date: str  # in words

    @property
    def day(self) -> str:
        """For a program: "2026-11-23"."""
        return self.at.date().isoformat()


@require_safe
def page(request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """The newsletter's own editions whose audience was frozen; 404 where the newsroom keeps no archive."""
    newsletter = _kept(slug, language)
    said = {
        "slug": slug,
        "language": language,
        "direction": wording.direction(language),
        "name": letters.newsletter_name(newsletter, language),
        "languages": [(code, wording.name(code)) for code in newsletter.languages],
        "letters": _past(newsletter, language),
        "words": {**wording.words(wording.FALLBACK), **wording.words(language)},
    }
    return _public(render(request, "editions/archive.html", said))


@require_safe
def feed(_request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """The same for a feed reader."""
    newsletter = _kept(slug, language)
    here = settings.PUBLIC_URL + reverse("archive-feed", args=[slug, language])
    shown = settings.PUBLIC_URL + reverse("archive", args=[slug, language])
    name = letters.newsletter_name(newsletter, language)
    atom = Atom1Feed(title=name, link=shown, description="", language=language, feed_url=here)
    for one in _past(newsletter, language):
        atom.add_item(
            title=one.subject,
            link=one.url,
            unique_id=one.url,
            description=one.preheader,
            pubdate=one.at,
            updateddate=one.at,
        )
    return _public(HttpResponse(atom.writeString("utf-8"), content_type=atom.content_type))


def _kept(slug: str, language: str) -> Newsletter:
    """Raises Http404."""
    newsletter = get_object_or_404(Newsletter, slug=slug, archived=True, active=True)
    if language not in newsletter.languages:
        raise Http404
    return newsletter


def _past(newsletter: Newsletter, language: str) -> list[Past]:
    zone = zoneinfo.ZoneInfo(newsletter.zone)
    return [_named(variant, zone) for variant in _told(newsletter, language)]


def _named(variant: Variant, zone: zoneinfo.ZoneInfo) -> Past:
    assert variant.edition.enlisted_at
    at = variant.edition.enlisted_at.astimezone(zone)
    subject = slots.fill(variant.subject, variant.nonce, dict.fromkeys(slots.NAMES, ""))
    address = letters.web_url(variant.edition, variant.language)
    return Past(subject, variant.preheader, address, at, wording.date(at, variant.language))


def _public(page: HttpResponse) -> HttpResponse:
    page["Cache-Control"] = "public, max-age=300"
    page["X-Robots-Tag"] = "noindex, nofollow"
    return page


def _told(newsletter: Newsletter, language: str) -> list[Variant]:
    sent = Variant.objects.filter(
        edition__newsletter=newsletter, edition__enlisted_at__isnull=False, language=language, discreet=False
    )
    latest = sent.exclude(edition__slot__startswith=OWN).order_by("-edition__enlisted_at", "-pk")
    listed = latest.select_related("edition").defer("html", "text")[:LISTED]
    hidden = (views.is_taken_back, views.is_under_embargo)
    return [variant for variant in listed if not any(hides(variant) for hides in hidden)]
