"""How much flowed when, from minutes to weeks: a small table that the clock writes, and the points of its charts."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils import timezone

from dispatch import history
from dispatch.articles import arrivals
from dispatch.articles.models import Source
from dispatch.audience.models import Newsletter
from dispatch.operations import stats
from dispatch.operations.items import providers
from dispatch.operations.models import Flow, FlowLook, FlowMark
from dispatch.social.models import Channel

SPANS = {
    "15m": ("15 minutes", 15 * 60, 60),
    "1h": ("an hour", 3600, 60),
    "6h": ("6 hours", 6 * 3600, 300),
    "1d": ("a day", 86_400, 900),
    "1w": ("a week", 7 * 86_400, 3600),
    "4w": ("4 weeks", 28 * 86_400, 4 * 3600),
    "10w": ("10 weeks", 70 * 86_400, 12 * 3600),
}
"""By the word in an address: how it is called, its seconds, and those of one point."""
KINDS = {
    "mail": "Letters",
    "post": "Posts",
    "send": "Sends begun",
    "render": "Editions rendered",
    "article": "Articles planned",
}
OUTCOMES = ("sent", "deferred", "refused", "unknown")
LONG = 6 * 3600
"""Seconds from which on a chart is history. A shorter one is looked at to see what goes on."""
AGAIN = timedelta(minutes=2)
"""Minutes that are counted anew at each look, and between two looks for which the second one's minute stands for both."""
HORIZON = timedelta(hours=47)
"""How far back a look goes at most, after no clock led for long: what is older may be in quarters of an hour already."""
OF = "newsletter:"
"""Before a newsletter's slug, where mail is narrowed to it: the same letters, counted once more by newsletter."""


@dataclass(frozen=True)
class Chart:
    """Points for uPlot: moments in seconds, then by outcome how many a stretch; and how late, on average and at most."""

    step: int
    moments: list[int]
    counts: dict[str, list[int]]
    late: list[float | None]  # seconds, of what was done; None: nothing was in that stretch
    latest: list[float | None]  # never of mail: its counters know sums alone

    @property
    def rows(self) -> list[tuple[datetime, list[int], float | None, float | None]]:
        """The stretches in which something flowed, the newest first: how many by outcome, and how late."""
        every = zip(self.moments, zip(*self.counts.values(), strict=True), self.late, self.latest, strict=True)
        rows = [(datetime.fromtimestamp(at, UTC), list(n), late, most) for at, n, late, most in every if any(n)]
        return rows[::-1]

    @property
    def total(self) -> dict[str, int]:
        """Of the whole span, by outcome."""
        return {outcome: sum(values) for outcome, values in self.counts.items()}


@transaction.atomic
def write() -> None:
    """Bring the table up to now, from the last look on; twice is once."""
    now, last = timezone.now(), FlowLook.objects.order_by("pk").first() or FlowLook(at=timezone.now())
    looked_at = max(last.at, now - HORIZON)
    since = min(looked_at, now).replace(second=0, microsecond=0) - AGAIN
    stats.run("flow", since=since, again=arrivals.AGAIN)
    stats.run("flow_mail", since=looked_at, is_late=now - looked_at > AGAIN)
    last.at = now
    last.save()


def thin() -> None:
    """Older minutes become quarters of an hour."""
    stats.run("flow_thin")


def parts(kind: str) -> list[tuple[str, str]]:
    """What a chart of this kind may be narrowed to: its value, and in words. For mail each newsletter, each relay, and each
    provider by it."""
    if kind != Flow.Kind.MAIL:
        table = {"post": Channel, "article": Source}.get(kind, Newsletter)
        return [(slug, slug) for slug in table.objects.order_by("slug").values_list("slug", flat=True)]  # type: ignore[attr-defined]
    counters = list(FlowMark.objects.order_by("counter").values_list("counter", flat=True))
    slugs = sorted({one.removeprefix(OF).partition("/")[0] for one in counters if one.startswith(OF)})
    found = sorted({tuple(one.rsplit("/", 2)[:2]) for one in counters if not one.startswith(OF)})
    relays = sorted({relay for relay, _ in found})
    named = [(f"{relay}/{provider}", providers.way(int(provider), relay)) for relay, provider in found]
    newsletters = [(f"{OF}{slug}", f"of {slug}") for slug in slugs]
    return [*newsletters, *((relay, f"all by {relay}") for relay in relays), *named]


def drawn(kind: str, span: str, part: str) -> Chart:
    """For a page. Raises KeyError for a span that is none."""
    if SPANS[span][1] < LONG:
        return chart(kind, span, part)
    return history.read(lambda using: chart(kind, span, part, using=using))


def chart(
    kind: str, span: str, part: str = "", *, until: datetime | None = None, using: str = DEFAULT_DB_ALIAS
) -> Chart:
    """The points of one. Raises KeyError for a span that is none."""
    _, seconds, step = SPANS[span]
    end = until or timezone.now()
    first = int(end.timestamp()) // step * step - seconds + step
    moments = list(range(first, int(end.timestamp()) + 1, step))
    if kind == Flow.Kind.MAIL and part.startswith(OF):
        kind, part = Flow.Kind.MAILING, part.removeprefix(OF)
    values = {"kind": kind, "part": part, "prefix": f"{part}/%", "step": step, "until": end}
    values |= {"since": datetime.fromtimestamp(first, tz=end.tzinfo)}
    rows = stats.rows("flow_read", values, using=using)
    by_moment: dict[int, dict[str, tuple[int, float, float]]] = {}
    for since, outcome, count, late, latest in rows:
        by_moment.setdefault(int(since), {})[outcome] = (count, late, latest)
    return _points(step, moments, by_moment)


def _points(step: int, moments: list[int], found: dict[int, dict[str, tuple[int, float, float]]]) -> Chart:
    cells = [found.get(moment, {}) for moment in moments]
    counts = {outcome: [cell.get(outcome, (0, 0, 0))[0] for cell in cells] for outcome in OUTCOMES}
    sent = [cell.get("sent") for cell in cells]
    late = [round(one[1] / one[0], 1) if one else None for one in sent]
    latest = [one[2] if one else None for one in sent]
    return Chart(step, moments, counts, late, latest)
