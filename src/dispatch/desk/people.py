"""People of the newsroom, and what they did."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from dispatch import history, saying
from dispatch.accounts import audit, desks, losing, permissions, proof, signing_in
from dispatch.accounts.models import AuditEntry, Desk, LostFactor, Role, User
from dispatch.desk import acting, personal

PAGE = 100


@permissions.requires(Role.ADMINISTRATOR)
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Everyone, their role and whether they have a second factor."""
    everyone = [(one, proof.has(one)) for one in User.objects.order_by("-is_active", "email").prefetch_related("desks")]
    lost = LostFactor.objects.filter(state__in=losing.OPEN).select_related("user", "granted_by", "agreed_by")
    told = personal.latest([one.user for one in lost if one.user])
    shown = {
        "lost": [(one, told.get(one.user_id or 0)) for one in lost.order_by("pk")],
        "seen_to": {one.user_id for one in lost},
        "administrators": losing.administrators(),
        "wait": settings.LOST_FACTOR_WAIT,
        "people": everyone,
        "roles": Role.choices,
        "desks": Desk.objects.order_by("name"),
    }
    return render(request, "desk/people.html", shown)


@permissions.requires(Role.ADMINISTRATOR, freshly=True)
@require_POST
def sign_out_all(request: HttpRequest) -> HttpResponse:
    """End every session, one's own included."""
    if not (why := acting.reason(request)):
        return redirect("people")
    signing_in.sign_out(None, _user(request), why)
    return redirect("account_login")


@permissions.requires(Role.ADMINISTRATOR, freshly=True)
@require_POST
def act(request: HttpRequest, number: int, act: str) -> HttpResponse:
    """Sign somebody out, grant that a lost second factor goes (lost.py), change role or desks, close or open an account."""
    who, user = get_object_or_404(User, pk=number), _user(request)
    if act not in {"signout", "lost-factor", "role", "desks", "close", "open"}:
        raise Http404
    if act in {"role", "desks", "close"} and who == user:
        messages.error(request, "Not your own: another administrator does that. Nothing was changed.")
    elif why := acting.reason(request):
        if act == "lost-factor":
            return _grant(request, who, user, why)
        if act == "role":
            _give_role(who, request.POST.get("role", ""), user, why)
        elif act == "desks":
            _give_desks(who, request.POST.getlist("desk"), user, why)
        elif act in {"close", "open"}:
            User.objects.filter(pk=who.pk).update(is_active=act == "open")
            audit.record(user, f"account.{act}", f"user:{who.pk}", why)
        ended = signing_in.sign_out(who, user, why, programs=act not in {"role", "desks"}) if act != "open" else 0
        messages.success(request, f"Done; {saying.many(ended, 'session')} ended.")
    return redirect("people")


@permissions.requires(Role.OPERATOR)
@require_safe
def audit_log(request: HttpRequest) -> HttpResponse:
    """The latest entries, those before them, those of one person or kind of act; and whether the chain holds, when asked.

    The latest are read where they are written: whoever just did something looks for it here.
    """
    who, act, before = (request.GET.get(name, "").strip()[:60] for name in ("who", "act", "before"))
    found = AuditEntry.objects.select_related("who").order_by("-pk")
    if who.isdecimal():
        found = found.filter(who=int(who))
    if act:
        found = found.filter(act__startswith=act)
    if before.isdecimal():
        found = found.filter(pk__lt=int(before))
    entries = history.read(lambda using: _page(found.using(using))) if before.isdecimal() else _page(found)
    shown = {
        "entries": entries[:PAGE],
        "before": entries[PAGE - 1].pk if len(entries) > PAGE else None,
        "who": who,
        "act": act,
        "people": User.objects.order_by("email"),
        "kinds": sorted({name.partition(".")[0] for name in history.read(_acts)}),
        "is_checked": "check" in request.GET,
        "broken": history.read(lambda using: audit.verify(using=using)) if "check" in request.GET else None,
        "hash": _newest_hash(),
    }
    return render(request, "desk/audit.html", shown)


def _grant(request: HttpRequest, who: User, user: User, why: str) -> HttpResponse:
    try:
        losing.grant(who, user, why)
    except losing.NotYours as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "Granted, and they are told. A second administrator has three days to agree.")
    return redirect("people")


def _newest_hash() -> str:
    newest = AuditEntry.objects.order_by("pk").last()
    return bytes(newest.hash).hex() if newest else ""


def _page(found: QuerySet[AuditEntry]) -> list[AuditEntry]:
    return list(found[: PAGE + 1])


def _acts(using: str) -> list[str]:
    return list(AuditEntry.objects.using(using).order_by().values_list("act", flat=True).distinct())


def _give_role(who: User, role: str, by: User, reason: str) -> None:
    if role not in Role.values:
        raise Http404
    User.objects.filter(pk=who.pk).update(role=role)
    audit.record(by, f"account.role.{role}", f"user:{who.pk}", reason)


def _give_desks(who: User, slugs: list[str], by: User, reason: str) -> None:
    try:
        desks.give(who, desks.named(slugs), by, reason)
    except desks.Missing as problem:
        raise Http404 from problem


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
