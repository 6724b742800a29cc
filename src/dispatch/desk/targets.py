"""Where people of the newsroom are told what happened: added, tested, removed; and what was told."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from dispatch.accounts import permissions
from dispatch.accounts.models import Role, User
from dispatch.audience.models import Newsletter
from dispatch.desk import acting, happening, outbox, telling
from dispatch.desk.forms import Reason
from dispatch.desk.models import Notice, Target

SHOWN = 60
MISSING = "Say what it is called and where it is. Nothing was changed."


class Adding(Reason):
    """A target, and what it is told of."""

    name = forms.CharField(max_length=120, error_messages={"required": MISSING})
    way = forms.ChoiceField(choices=Target.Way.choices)
    address = forms.CharField(max_length=1000, error_messages={"required": MISSING})
    kinds = forms.MultipleChoiceField(
        choices=list(happening.KINDS.items()),
        error_messages={"required": "Choose what it is told of. Nothing was changed."},
    )
    languages = forms.CharField(max_length=120, required=False)
    quiet_from = forms.TimeField(required=False, error_messages={"invalid": "Say a time, such as 22:00."})
    quiet_to = forms.TimeField(required=False, error_messages={"invalid": "Say a time, such as 07:00."})

    def clean_name(self) -> str:
        """Each has a name of its own."""
        name: str = self.cleaned_data["name"].strip()
        if Target.objects.filter(name=name).exists():
            raise forms.ValidationError("There is one of this name. Nothing was changed.")
        return name

    def clean(self) -> dict[str, Any]:
        """An address that can be told something; both ends of quiet hours, or none."""
        said: dict[str, Any] = super().clean() or {}
        if "address" in said and (problem := outbox.address_problem(said["way"], said["address"].strip())):
            raise forms.ValidationError(f"{problem}. Nothing was changed.")
        if (said.get("quiet_from") is None) != (said.get("quiet_to") is None):
            raise forms.ValidationError("Say when quiet hours begin and end, or neither. Nothing was changed.")
        return said


@permissions.requires(Role.OPERATOR)
@require_safe
def targets(request: HttpRequest) -> HttpResponse:
    """Who is told what, and what was told."""
    notices = (
        Notice.objects.exclude(target=None).select_related("target").prefetch_related("told").order_by("-pk")[:SHOWN]
    )
    spoken = sorted({code for one in Newsletter.objects.all() for code in one.languages})
    shown = {
        "targets": Target.objects.order_by("name"),
        "notices": notices,
        "kinds": happening.KINDS,
        "urgent": happening.URGENT,
        "spoken": spoken,
        "ways": Target.Way.choices,
    }
    return render(request, "desk/telling.html", shown)


@permissions.requires(Role.OPERATOR, freshly=True)
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """One more; its address is sealed and not shown again."""
    form = Adding(request.POST)
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return redirect("telling")
    said = form.cleaned_data
    wishes = {name: said[name] for name in ("kinds", "quiet_from", "quiet_to")}
    languages = said["languages"].replace(",", " ").split()
    telling.add(
        said["name"],
        said["way"],
        said["address"].strip(),
        _user(request),
        said["reason"],
        languages=languages,
        **wishes,
    )
    messages.success(request, "Added. Send a test to see that it arrives.")
    return redirect("telling")


@permissions.requires(Role.OPERATOR)
@require_POST
def act(request: HttpRequest, number: int, act: str) -> HttpResponse:
    """Send it a test, or remove it."""
    target = get_object_or_404(Target, pk=number)
    if act == "test":
        telling.test(target)
        messages.success(request, "It is on its way. What became of it stands in the log below.")
    elif act == "remove":
        if why := acting.reason(request):
            telling.remove(target, _user(request), why)
            messages.success(request, "Removed. Nothing more is told there.")
    else:
        raise Http404
    return redirect("telling")


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
