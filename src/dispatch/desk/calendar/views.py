"""The calendar: what stands in it, and what is done there. GET shows, POST acts."""

import zoneinfo
from collections.abc import Iterable
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from dispatch.accounts import desks, permissions
from dispatch.accounts.models import Role, Stop, User
from dispatch.audience.models import Newsletter
from dispatch.desk import acting, halting, naming
from dispatch.desk.calendar import asking, beside, sheet
from dispatch.desk.calendar.asking import View
from dispatch.social.models import Channel

MOST = 6
"""Entries of a day that a month shows; the rest is a link."""


@permissions.requires(Role.EDITOR)
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """A month, a week or two weeks' agenda."""
    asked = asking.read(request.GET)
    readers = beside.zone(request)
    found = sheet.of(asked, readers, cast("User", request.user))
    newsletters = list(Newsletter.objects.order_by("slug"))
    shown = {
        "sheet": found,
        "channels": list(Channel.objects.filter(active=True).order_by("name").values_list("slug", "name")),
        "newsletters": [(one.slug, naming.newsletter(one)) for one in newsletters],
        "states": [(value, words) for value, (_, words) in asking.STATES.items()],
        "languages": [(code, code) for code in _languages(found, newsletters)],
        "readers": readers.key if readers else "",
        "town": beside.town,
        "zones": [name for name in beside.used() if name != settings.TIME_ZONE],
        "wall": _wall,
        "views": View,
        "today": timezone.localdate(),
        "most": MOST,
    }
    return render(request, "desk/calendar.html", shown)


@permissions.requires(Role.EDITOR)
@require_POST
def choose_clock(request: HttpRequest) -> HttpResponse:
    """Whose clock stands beside the newsroom's, in this browser."""
    name = request.POST.get("zone", "").strip()
    answer = redirect(_back(request))
    if name and not beside.known(name):
        messages.error(
            request, f"There is no time zone “{name[:60]}”; they are named like Europe/Minsk. Nothing was changed."
        )
        return answer
    beside.choose(answer, name or beside.NONE)
    return answer


@permissions.requires(Role.OPERATOR)
@require_POST
def stop(request: HttpRequest, slug: str) -> HttpResponse:
    """Nothing more is posted to a channel."""
    channel = get_object_or_404(Channel, slug=slug)
    desks.insist(cast("User", request.user), channel)
    if why := acting.reason(request):
        messages.success(request, halting.halt(Stop.Scope.CHANNEL, channel.pk, cast("User", request.user), why).words)
    return redirect(_back(request))


def _languages(found: sheet.Sheet, newsletters: Iterable[Newsletter]) -> list[str]:
    """Those that newsletters and channels speak, and what is shown or asked for."""
    spoken = {code for one in newsletters for code in one.languages}
    spoken |= {code for one in found.channels for code in one.channel.languages}
    return sorted(filter(None, spoken | {one.language for one in found.entries} | {found.asked.language}))


def _back(request: HttpRequest) -> str:
    """The calendar as it was looked at."""
    page = request.POST.get("back", "")
    home = reverse("calendar")
    return page if page.startswith(home) and url_has_allowed_host_and_scheme(page, None) else home


def _wall(moment: object, place: zoneinfo.ZoneInfo | None) -> str:
    """ "09:30" there; empty without a place."""
    return f"{moment.astimezone(place):%H:%M}" if place else ""  # type: ignore[attr-defined]
