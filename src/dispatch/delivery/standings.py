"""How a relay stands, at a glance: one word, and the sentence behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch import saying
from dispatch.delivery import berths, holding_to_dane, throttling, warming
from dispatch.delivery.models import Relay


@dataclass(frozen=True)
class Standing:
    """One relay, for a page or a terminal."""

    relay: Relay
    state: str  # of desk.states' "relay"
    words: str
    share: str
    pace: str
    connections: list[berths.Use]  # in use, where there is a limit
    days: list[tuple[int, int, str]]  # of its warm-up: which day, its ceiling, and past, now or to come
    had: int  # letters that it was given today, while it warms up
    most: int | None  # that it may be given today
    held: holding_to_dane.Held | None  # how it stands with DANE, where its address asks for that

    @property
    def as_json(self) -> dict[str, Any]:
        """For programs."""
        one = self.relay
        moments = {"opened_at": one.opened_at, "tried_again_at": one.probe_at}
        warm_up = {
            "plan": one.warm_up,
            "from": str(one.warm_up_from or "") or None,
            "today": self.most,
            "had": self.had,
        }
        return {
            "name": one.name,
            "kind": one.kind,
            "state": self.state,
            "words": self.words,
            "weight": one.weight,
            "active": one.active,
            "breaker": one.breaker,
            "failures": one.failures,
            "trouble": one.trouble,
            **{name: _iso(moment) for name, moment in moments.items()},
            "per_second": one.per_second,
            "by_provider": one.by_provider,
            "connections": [vars(use) for use in self.connections],
            "dane": self.held and vars(self.held),
            "warm_up": warm_up if one.warm_up else None,
        }


def of(relay: Relay, known: Sequence[Relay]) -> Standing:
    """`known`: all of them, for its share of the mail."""
    most, today = warming.ceiling(relay), warming.day_of(relay)
    had = warming.had(relay) if most is not None else 0
    state, words = _state(relay, known, is_full=most is not None and had >= most)
    when = [("past", "now", "to come")[(n >= today) + (n > today)] for n in range(1, len(relay.warm_up) + 1)]
    days = [(n, ceiling, when[n - 1]) for n, ceiling in enumerate(relay.warm_up, 1)] if today else []
    pace, used, held = throttling.words(relay), berths.in_use(relay), holding_to_dane.kept(relay)
    return Standing(relay, state, words, _share(relay, known), pace, used, days, had, most, held)


def _state(relay: Relay, known: Sequence[Relay], *, is_full: bool) -> tuple[str, str]:
    if not relay.active:
        return "paused", "Nothing new goes to it."
    if relay.breaker == Relay.Breaker.HALF_OPEN:
        return "trial", f"One letter is its trial. It was left alone because: {relay.trouble}."
    if relay.breaker == Relay.Breaker.OPEN:
        since = f", {saying.ago(relay.opened_at)}" if relay.opened_at else ""
        failed = saying.many(relay.failures, "failure")
        return "alone", f"After {failed}{since}. The last one: {relay.trouble}."
    if is_full:
        return "full", "Today's ceiling is reached: the rest goes through other relays, or waits for tomorrow."
    return _at_work(relay, known)


def _at_work(relay: Relay, known: Sequence[Relay]) -> tuple[str, str]:
    if relay.failures:
        return "rough", f"{saying.many(relay.failures, 'failure')} just now; the last one: {relay.trouble}."
    others = [one for one in known if one.active and one.weight and one.breaker == Relay.Breaker.CLOSED]
    if not relay.weight and others:
        return "spare", "It takes mail only while no other relay does."
    return "works", "It takes mail."


def _share(relay: Relay, known: Sequence[Relay]) -> str:
    whole = sum(one.weight for one in known if one.active)
    if not relay.active or not whole or sum(one.active for one in known) == 1:
        return ""
    if not relay.weight:
        return "weight 0"
    return f"weight {relay.weight}, about {round(100 * relay.weight / whole)} % of the mail"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
