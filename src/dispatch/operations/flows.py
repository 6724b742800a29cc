"""The charts' page and their points."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dispatch.accounts import permissions
from dispatch.accounts.models import Role
from dispatch.operations import flowing


@permissions.requires(Role.OPERATOR)
@require_safe
def flow(request: HttpRequest) -> HttpResponse:
    """Throughput and lateness, by kind, over minutes to weeks; the same as a table for whoever reads no charts."""
    kind, span, part = _asked(request)
    shown: dict[str, Any] = {"kind": kind, "span": span, "part": part, "kinds": flowing.KINDS, "spans": flowing.SPANS}
    shown |= {"parts": flowing.parts(kind), "chart": flowing.drawn(kind, span, part)}
    return render(request, "operations/flow.html", shown)


@permissions.requires(Role.OPERATOR)
@require_safe
def flow_json(request: HttpRequest) -> JsonResponse:
    """One chart's points; the page asks for them each time something moved."""
    kind, span, part = _asked(request)
    chart = flowing.drawn(kind, span, part)
    points = [chart.moments, *chart.counts.values()]
    late = [chart.moments, chart.late] if kind == "mail" else [chart.moments, chart.late, chart.latest]
    return JsonResponse({"step": chart.step, "flow": points, "late": late}, headers={"Cache-Control": "no-store"})


def _asked(request: HttpRequest) -> tuple[str, str, str]:
    """What is not there is the first: letters, of an hour, all of them."""
    kind, span = request.GET.get("kind", ""), request.GET.get("span", "")
    kind = kind if kind in flowing.KINDS else "mail"
    return kind, span if span in flowing.SPANS else "1h", request.GET.get("part", "")[:80]
