"""What was sent, for everybody to follow: an Atom feed (RFC 4287) a newsletter and language, without a mark of any reader."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import require_safe

from dispatch.audience.models import Newsletter
from dispatch.editions import letters, slots, views
from dispatch.editions.models import OWN, Variant

LISTED = 30
"""Editions that a feed names, the latest first."""


@require_safe
def feed(_request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """The newsletter's own editions whose audience was frozen; 404 where the newsroom keeps no archive."""
    newsletter = get_object_or_404(Newsletter, slug=slug, archived=True, active=True)
    if language not in newsletter.languages:
        raise Http404
    here = settings.PUBLIC_URL + reverse("archive-feed", args=[slug, language])
    name = letters.newsletter_name(newsletter, language)
    atom = Atom1Feed(title=name, link=here, description="", language=language, feed_url=here)
    for variant in _told(newsletter, language):
        address = letters.web_url(variant.edition, language)
        atom.add_item(
            title=slots.fill(variant.subject, variant.nonce, dict.fromkeys(slots.NAMES, "")),
            link=address,
            unique_id=address,
            description=variant.preheader,
            pubdate=variant.edition.enlisted_at,
            updateddate=variant.edition.enlisted_at,
        )
    page = HttpResponse(atom.writeString("utf-8"), content_type=atom.content_type)
    page["Cache-Control"] = "public, max-age=300"
    page["X-Robots-Tag"] = "noindex, nofollow"
    return page


def _told(newsletter: Newsletter, language: str) -> list[Variant]:
    sent = Variant.objects.filter(
        edition__newsletter=newsletter, edition__enlisted_at__isnull=False, language=language, discreet=False
    )
    latest = sent.exclude(edition__slot__startswith=OWN).order_by("-edition__enlisted_at", "-pk")
    listed = latest.select_related("edition").defer("html", "text")[:LISTED]
    return [variant for variant in listed if not views.is_taken_back(variant)]
