"""What somebody wants to see of the calendar, as the address of the page says it."""

import enum
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils import timezone

from dispatch.desk.calendar.days import DAY

AGENDA = timedelta(days=14)
FIRST, LAST = date(2000, 1, 1), date(2100, 1, 1)


class View(enum.Enum):
    """How much of it."""

    MONTH = "month"
    WEEK = "week"
    AGENDA = "agenda"


STATES = {
    "waiting": ({"", "going", "later"}, "to come"),
    "person": ({"held", "unsure", "bad"}, "needs someone"),
    "out": ({"good"}, "out"),
    "over": ({"over"}, "dropped or taken back"),
}
"""What may be asked for: the shapes of states.Shown, and its words."""


@dataclass(frozen=True)
class Asked:
    """View, day and filters; an empty one takes everything. `free`: whether free slots are shown."""

    view: View
    day: date
    channel: str = ""  # slug; "-": none of them
    newsletter: str = ""  # likewise
    language: str = ""
    state: str = ""
    free: bool = True

    @property
    def first(self) -> date:
        """The first day shown."""
        if self.view is View.AGENDA:
            return self.day
        day = self.day.replace(day=1) if self.view is View.MONTH else self.day
        return day - timedelta(days=day.weekday())

    @property
    def days(self) -> list[date]:
        """Whole weeks, or as far as an agenda goes."""
        end = {View.WEEK: self.first + 7 * DAY, View.AGENDA: self.first + AGENDA}.get(self.view)
        if end is None:
            following = _month_on(self.day, 1)
            end = following + timedelta(days=-following.weekday() % 7)
        return [self.first + n * DAY for n in range((end - self.first).days)]

    @property
    def earlier(self) -> str:
        """Where the page before this one is."""
        return self.address(day=self._turned(-1))

    @property
    def later(self) -> str:
        """Where the next one is."""
        return self.address(day=self._turned(1))

    @property
    def title(self) -> str:
        """ "November 2026", "23 – 29 November 2026"."""
        if self.view is View.MONTH:
            return f"{self.day:%B %Y}"
        first, last = self.days[0], self.days[-1]
        begin = f"{first.day}" if first.month == last.month else f"{first.day} {first:%B}"
        year = f" {first.year}" if first.year != last.year else ""
        return f"{begin}{year} – {last.day} {last:%B %Y}"

    def address(self, **changes: object) -> str:
        """The query of a page like this one but for `changes`."""
        one = replace(self, **changes)  # type: ignore[arg-type]
        said = {"view": one.view.value, "day": one.day.isoformat()}
        names = ("channel", "newsletter", "language", "state")
        said |= {name: getattr(one, name) for name in names if getattr(one, name)}
        return "?" + urlencode(said if one.free else said | {"free": "no"})

    def wants_state(self, shape: str) -> bool:
        """By the shape that it is shown with."""
        return not self.state or shape in STATES[self.state][0]

    def _turned(self, by: int) -> date:
        steps = {View.WEEK: self.day + by * 7 * DAY, View.AGENDA: self.day + by * AGENDA}
        return min(max(steps.get(self.view) or _month_on(self.day, by), FIRST), LAST)


def read(query: QueryDict) -> Asked:
    """What is asked for nonsensically is today's, or everything."""
    known = {view.value: view for view in View}
    state = query.get("state", "")
    return Asked(
        view=known.get(query.get("view", ""), View.WEEK),
        day=_day(query.get("day", "")),
        channel=query.get("channel", "")[:60],
        newsletter=query.get("newsletter", "")[:60],
        language=query.get("language", "")[:12],
        state=state if state in STATES else "",
        free=query.get("free") != "no",
    )


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return timezone.localdate()
    return day if FIRST <= day <= LAST else timezone.localdate()


def _month_on(day: date, by: int) -> date:
    """The first day of the month before (-1) or after (1)."""
    first = day.replace(day=1)
    return (first - DAY).replace(day=1) if by < 0 else (first + timedelta(days=32)).replace(day=1)
