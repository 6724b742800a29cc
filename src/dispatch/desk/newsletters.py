"""Newsletters: what there is, when each leaves next, what came of the last; an operator changes rules and team."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dispatch import timetable
from dispatch.accounts import audit, desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.audience import addresses
from dispatch.audience.models import Newsletter
from dispatch.delivery import trials
from dispatch.delivery.models import TeamAddress
from dispatch.desk import acting, naming, newsletter_rules, overview
from dispatch.editions.models import OWN, Edition
from dispatch.operations import stats

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Listed:
    """A newsletter with what leaves next, and what came of the last edition."""

    newsletter: Newsletter
    name: str
    cadence: str
    next_at: datetime | None  # None: with the next article, or never
    gathering: Edition | None
    last: Edition | None
    state: tuple[str, str] | None
    send: stats.SendNow | None

    @classmethod
    def of(cls, one: Newsletter) -> "Listed":
        """As it stands now."""
        own = one.editions.exclude(slot__startswith=OWN).select_related("send", "newsletter")
        own = own.prefetch_related(naming.titles())
        gathering = own.filter(state=Edition.State.GATHERING).order_by("due_at").first()
        last = own.exclude(state__in=[Edition.State.GATHERING, Edition.State.EMPTY]).order_by("-due_at").first()
        send = getattr(last, "send", None) if last else None
        now = {found.id: found for found in stats.sends()} if send else {}
        return cls(
            one,
            naming.newsletter(one),
            cadence(one),
            next_departure(one, gathering),
            gathering,
            last,
            overview.state_of(last) if last else None,
            (now.get(send.pk) or stats.ended(send)) if send else None,
        )


def cadence(one: Newsletter) -> str:
    """In words: "weekly, Monday 08:00 (Europe/Vilnius)"."""
    if one.cadence == Newsletter.Cadence.EACH:
        return "each article at once"
    day = f"{DAYS[one.weekday % 7]} " if one.cadence == Newsletter.Cadence.WEEKLY else ""
    return f"{one.cadence}, {day}{one.at:%H:%M} ({one.zone})"


def next_departure(one: Newsletter, gathering: Edition | None) -> datetime | None:
    """When its next digest leaves: the one that gathers, else by its timetable."""
    if not one.active or one.cadence == Newsletter.Cadence.EACH:
        return None
    if gathering:
        return gathering.due_at
    weekday = one.weekday if one.cadence == Newsletter.Cadence.WEEKLY else None
    return timetable.next_departure(timezone.now(), one.at, one.zone, weekday=weekday).at


@permissions.requires(Role.EDITOR)
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """All of them."""
    every = [Listed.of(one) for one in Newsletter.objects.order_by("-active", "slug")]
    return render(request, "desk/newsletters.html", {"newsletters": every})


@permissions.requires(Role.EDITOR)
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, slug: str) -> HttpResponse:
    """One, its rules and its team; a POST changes the rules."""
    newsletter = get_object_or_404(Newsletter, slug=slug)
    if request.method != "POST":
        return _page(request, newsletter, newsletter_rules.Rules.of(newsletter))
    if not permissions.may(cast("User", request.user), Role.OPERATOR):
        raise PermissionDenied("A newsletter's rules are for people whose role is operator or above.")
    return _change(request, newsletter)


def _change(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    slug = newsletter.slug
    desks.insist(cast("User", request.user), newsletter)
    form = newsletter_rules.Rules(newsletter, request.POST)
    if not form.is_valid():
        messages.error(request, "Nothing was changed: see the lines marked below.")
        return _page(request, newsletter, form, status=400)
    with transaction.atomic():
        changed = form.save()
        if changed:
            words = f"{', '.join(changed)}. {form.cleaned_data['reason']}"
            audit.record(cast("User", request.user), "newsletter.change", f"newsletter:{slug}", words[:300])
    acting.tell(request, bool(changed), f"Changed: {', '.join(changed)}.", "It is so already; nothing was changed.")
    return redirect("newsletter", slug)


@permissions.requires(Role.OPERATOR)
@require_POST
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """A further address of the team."""
    newsletter = get_object_or_404(Newsletter, slug=slug)
    desks.insist(cast("User", request.user), newsletter)
    label, address = " ".join(request.POST.get("label", "").split())[:60], request.POST.get("address", "")
    if not label:
        messages.error(request, "Say whose mailbox it is. Nothing was added.")
        return redirect("newsletter", slug)
    try:
        done = trials.join(newsletter.pk, label, address)
    except addresses.Malformed as problem:
        messages.error(request, f"That is not an address: {problem}. Nothing was added.")
        return redirect("newsletter", slug)
    if done:
        audit.record(cast("User", request.user), "team.join", f"newsletter:{slug}", "a team address was added")
    acting.tell(request, done, "Added. Test letters to the team go there, too.", "It is on the list already.")
    return redirect("newsletter", slug)


@permissions.requires(Role.OPERATOR)
@require_POST
def leave(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One address less."""
    newsletter = get_object_or_404(Newsletter, slug=slug)
    desks.insist(cast("User", request.user), newsletter)
    gone, _ = TeamAddress.objects.filter(newsletter=newsletter, pk=number).delete()
    if gone:
        audit.record(cast("User", request.user), "team.leave", f"newsletter:{slug}", "a team address was taken out")
    acting.tell(request, bool(gone), "Taken out, and forgotten.", "It is not on the list any more.")
    return redirect("newsletter", slug)


def _page(
    request: HttpRequest, newsletter: Newsletter, form: newsletter_rules.Rules, status: int = 200
) -> HttpResponse:
    stored = Newsletter.objects.get(pk=newsletter.pk)
    user = cast("User", request.user)
    knows = permissions.may(user, Role.OPERATOR) and desks.may_touch(user, stored)
    team = TeamAddress.objects.filter(newsletter=stored).order_by("label")
    shown = {
        "one": Listed.of(stored),
        "form": form,
        "may_change": knows,
        "team": [(member, trials.masked(member) if knows else "") for member in team],
    }
    return render(request, "desk/newsletter.html", shown, status=status)
