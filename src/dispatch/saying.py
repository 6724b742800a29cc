"""How pages say numbers, moments and durations. Pure, but for the newsroom's zone."""

from datetime import date, datetime, timedelta

from django.utils import timezone

NEVER = "never"


def number(value: int) -> str:
    """1234567 as "1,234,567"."""
    return f"{value:,}"


def many(count: int, one: str, several: str = "") -> str:
    """1 → "1 message", 1234 → "1,234 messages"; `several` where an s does not do."""
    return f"{number(count)} {one if count == 1 else several or one + 's'}"


def size(count: float) -> str:
    """Of so many bytes: "14 KB", "1.2 TB"."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} TB"


def moment(at: datetime | None, now: datetime | None = None) -> str:
    """In the newsroom's zone, with the day where that is not today: "14:05", "Tue 24 Nov, 08:00"."""
    if at is None:
        return NEVER
    local, today = timezone.localtime(at), _today(now)
    if local.date() == today:
        return f"{local:%H:%M}"
    if abs(local.date() - today) == timedelta(days=1):
        return f"{'tomorrow' if local.date() > today else 'yesterday'}, {local:%H:%M}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year}, {local:%H:%M}"


def wall_clock(at: datetime) -> str:
    """For a field that asks for a date and a time: "2026-11-23T08:30", in the newsroom's zone."""
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")


def span(length: timedelta | float) -> str:
    """In its largest unit: "12 s", "5 min", "3 h", "2 days"."""
    seconds = int(length.total_seconds() if isinstance(length, timedelta) else length)
    for size, unit in ((86_400, "day"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return many(seconds // size, "day") if unit == "day" else f"{seconds // size} {unit}"
    return f"{max(seconds, 0)} s"


def ago(at: datetime | None, now: datetime | None = None) -> str:
    """How long since, or until: "5 min ago", "in 2 h", "just now"."""
    if at is None:
        return NEVER
    passed = (now or timezone.now()) - at
    if abs(passed) < timedelta(seconds=5):
        return "just now"
    return f"{span(passed)} ago" if passed > timedelta(0) else f"in {span(-passed)}"


def _today(now: datetime | None) -> date:
    return timezone.localtime(now or timezone.now()).date()


FILTERS = {"number": number, "many": many, "moment": moment, "wall_clock": wall_clock, "span": span, "ago": ago}
