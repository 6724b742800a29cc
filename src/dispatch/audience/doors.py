"""Where strangers become readers: the form, its frame for other sites, and the page after it.

Nothing here looks at who reads already. Forms may come from any site and carry no cookie, so there is nothing to forge.
"""

import dataclasses

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from dispatch.audience import addresses, budgets, forms, pages, signing_up, tickets
from dispatch.audience.models import Newsletter
from dispatch.headers import POLICY

ANYWHERE = POLICY.replace("frame-ancestors 'self'", "frame-ancestors *").replace(
    "default-src 'self'", "default-src 'none'"
)
FRAMED = f"{ANYWHERE}; style-src 'self'"


@csrf_exempt  # see above
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest, slug: str) -> HttpResponse:
    """GET shows the form. POST, from here or from any site, shows the page after it; nothing is kept yet."""
    newsletter = get_object_or_404(Newsletter, slug=slug, active=True)
    if request.method != "POST":
        return _form(request, newsletter)
    wanted = forms.wanted(request.POST, newsletter)
    if forms.is_plainly_none(wanted.address):
        return _form(request, newsletter, trouble="no_address", status=422)
    return _step(request, newsletter, tickets.issue(wanted), is_risky=addresses.is_risky(wanted.address))


@xframe_options_exempt
@require_http_methods(["GET", "HEAD"])
def frame(request: HttpRequest, slug: str) -> HttpResponse:
    """The form alone, without scripts, for any site's iframe."""
    page = _form(request, get_object_or_404(Newsletter, slug=slug, active=True), is_framed=True)
    page["Content-Security-Policy"] = FRAMED
    return page


@csrf_exempt  # see above
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, slug: str) -> HttpResponse:
    """For readers who have no link of ours: GET shows a form, POST the page after it, as for a subscription."""
    newsletter = get_object_or_404(Newsletter, slug=slug, active=True)
    wanted = forms.wanted(request.POST, newsletter)
    if request.method == "POST" and not forms.is_plainly_none(wanted.address):
        ticket = tickets.issue(dataclasses.replace(wanted, is_link=True))
        return _step(request, newsletter, ticket, is_risky=False)
    typed = {"typed": wanted.address, "trouble": "no_address" if request.method == "POST" else ""}
    page = pages.of(request, "settings", newsletter, "", **typed)
    page.status_code = 422 if request.method == "POST" else 200
    return page


@csrf_exempt  # see above
@require_http_methods(["POST"])
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """The page after the form was pressed: keep what was asked, and answer the same whoever it was about."""
    newsletter = get_object_or_404(Newsletter, slug=slug, active=True)
    ticket = tickets.read(request.POST.get("ticket", ""))
    if ticket is None or ticket.wanted.newsletter != newsletter.pk:
        return _form(request, newsletter, trouble="too_old", status=422)
    if not tickets.is_earned(ticket, request.POST.get("proof", "")):
        is_risky = addresses.is_risky(ticket.wanted.address) and not ticket.wanted.is_link
        return _step(request, newsletter, ticket.text, is_risky=is_risky)
    signing_up.ask(ticket.wanted, budgets.network(request.META.get("REMOTE_ADDR", ""), timezone.now()))
    lead = "link_asked" if ticket.wanted.is_link else "asked_lead"
    return pages.of(request, "asked", newsletter, "", lead=lead)


def _form(
    request: HttpRequest, newsletter: Newsletter, *, trouble: str = "", is_framed: bool = False, status: int = 200
) -> HttpResponse:
    page = pages.of(
        request,
        "subscribe",
        newsletter,
        "",
        trouble=trouble,
        typed=request.POST.get("address", ""),
        pattern=forms.safe_pattern(),
        is_framed=is_framed,
    )
    page.status_code = status
    return page


def _step(request: HttpRequest, newsletter: Newsletter, ticket: str, *, is_risky: bool) -> HttpResponse:
    page = pages.of(
        request,
        "step",
        newsletter,
        "",
        ticket=ticket,
        challenge=tickets.challenge(ticket),
        bits=tickets.BITS,
        is_risky=is_risky,
    )
    page["Cache-Control"] = "no-store"
    return page
