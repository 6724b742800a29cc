"""Sending domains for operators: how their records stood at the last look, what to paste, and what receivers report."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from django.contrib import messages
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dispatch import history, queue, saying
from dispatch.accounts import audit, permissions
from dispatch.accounts.models import Role, User
from dispatch.delivery import rotating, watching
from dispatch.delivery.domains import Standing, ours
from dispatch.delivery.reputation import DkimKey, Looked, Report, ReportLine
from dispatch.operations.checks import Check

SHOWN = timedelta(days=30)
"""Of reports."""
KINDS = {"spf", "dkim", "dmarc", "alignment", "bimi", "mx", "tls-rpt", "mta-sts", "ptr"}
"""Of records; what has another name is a blocklist's."""
MOST = 200
"""Lines of one domain; the largest."""


@dataclass(frozen=True)
class Domain:
    """One domain's section; `name` is empty for the addresses that mail leaves from."""

    name: str
    records: list[Looked]
    keys: list[tuple[DkimKey, str]]


@dataclass(frozen=True)
class Told:
    """One line of what receivers say."""

    domain: str
    source: str
    result: str
    treated: str
    count: int
    doubtful: int  # of them, those that only reports without a good signature tell of


@dataclass(frozen=True)
class Reporter:
    """Who reports, with what their reports are worth."""

    name: str
    kind: str
    reports: int
    worth: str  # of Report.Worth
    words: str


@permissions.requires(Role.OPERATOR)
@require_safe
def domains(request: HttpRequest) -> HttpResponse:
    """What was seen at the last look; nothing is asked while somebody waits."""
    shown = {"sections": list(_sections()), "looked_at": watching.looked_at()}
    return render(request, "operations/domains.html", shown | history.read(_reported))


@permissions.requires(Role.OPERATOR)
@require_POST
def look_now(request: HttpRequest) -> HttpResponse:
    """Have a worker look; the page shows it once it did."""
    audit.record(cast("User", request.user), "domains.look", "domains")
    queue.enqueue("upkeep.look_at_domains")
    messages.success(request, "A worker looks now. Load the page again in a few seconds.")
    return redirect("domains")


def checks() -> Iterator[Check]:
    """One line for Health, once anything was looked at."""
    rows = Looked.objects.all()
    if not rows.exists():
        return
    wrong = list(rows.filter(standing=Standing.WRONG).order_by("domain", "pk"))
    fell = [row for row in watching.fallen() if row.pk not in {one.pk for one in wrong}]
    if wrong or fell:
        words = " ".join(row.words for row in [*wrong, *fell][:3])
        yield Check("Domains", "todo", words[:600], "Sending domains says what to publish.")
    else:
        yield Check("Domains", "ok", f"Their records stand; looked at {saying.ago(watching.looked_at())}.")


def standings() -> Counter[tuple[str, str]]:
    """How many records stand how, by what they are: no domain is named."""
    return Counter((_kind(what), standing) for what, standing in Looked.objects.values_list("what", "standing"))


def fell() -> Counter[str]:
    """How many are not right any more, by what they are; 0 of what is looked at and stands."""
    found = Counter(_kind(row.what) for row in watching.fallen())
    return Counter({kind: found[kind] for kind, _ in standings()})


def _kind(what: str) -> str:
    return what.lower() if what.lower() in KINDS else "blocklist"


def _sections() -> Iterator[Domain]:
    for name in [*ours.all_of_them(), ""]:
        records = list(Looked.objects.filter(domain=name).order_by("pk"))
        keys = [(key, _state(key)) for key in DkimKey.objects.filter(domain=name).order_by("pk")]
        if name or records:
            yield Domain(name, sorted(records, key=lambda row: ORDER.index(row.standing)), keys)


Worth = Report.Worth
DOUBTFUL = (Worth.FOREIGN, Worth.UNKNOWN, Worth.BROKEN, Worth.UNSIGNED)
NOT_COUNTED = (Worth.UNSIGNED, Worth.BROKEN, Worth.FOREIGN)
"""Of TLS reports: RFC 8460 section 3 has those without a valid signature of the reporter ignored."""
ORDER = [Standing.WRONG.value, Standing.LOOK.value, Standing.MAY.value, Standing.WELL.value]


def _state(key: DkimKey) -> str:
    return "" if key.active else rotating.words(key)


def _reported(using: str) -> dict[str, Any]:
    reports = Report.objects.using(using).filter(ends__gte=timezone.now().date() - SHOWN)
    return {
        "dmarc": _told(Report.Kind.DMARC, using),
        "tls": _told(Report.Kind.TLS, using),
        "reports": reports.count(),
        "who": _reporters(reports),
        "unsigned_tls": reports.filter(kind=Report.Kind.TLS, worth__in=NOT_COUNTED).count(),
        "reporters": reports.values("reporter").distinct().count(),
    }


def _told(kind: str, using: str) -> list[Told]:
    lines: QuerySet[ReportLine] = ReportLine.objects.using(using).filter(
        report__kind=kind, report__ends__gte=timezone.now().date() - SHOWN
    )
    if kind == Report.Kind.TLS:
        lines = lines.exclude(report__worth__in=NOT_COUNTED)
    grouped = lines.values("report__domain", "source", "result", "treated").annotate(
        total=Sum("count"), doubtful=Sum("count", filter=Q(report__worth__in=DOUBTFUL), default=0)
    )
    rows = grouped.order_by("report__domain", "-total")[:MOST]
    return [
        Told(one["report__domain"], one["source"], one["result"], one["treated"], one["total"], one["doubtful"])
        for one in rows
    ]


def _reporters(reports: QuerySet[Report]) -> list[Reporter]:
    found = reports.values("reporter", "kind", "worth", "signed_by")
    rows = found.annotate(reports=Count("pk")).order_by("-reports", "reporter", "kind", "worth")[:MOST]
    return [Reporter(one["reporter"] or "nobody named", Report.Kind(one["kind"]).label, one["reports"], one["worth"],
                     _worth(one["worth"], one["signed_by"])) for one in rows]  # fmt: skip


def _worth(worth: str, by: str) -> str:
    match worth:
        case Worth.SIGNED:
            return f"signed by {by}"
        case Worth.UNMEANT:
            return f"signed by {by}, with a key that is not for TLS reports"
        case Worth.FOREIGN:
            return f"signed by {by}, which is not whom it is from: believe it less"
        case Worth.UNSEEN:
            return "taken before signatures were looked at"
    return f"{Worth(worth).label}: believe it less"
