"""STOP: a switch for everything, one newsletter or one channel, read inside every claiming statement."""

from django.db.models import QuerySet
from django.utils import timezone

from dispatch.accounts import audit
from dispatch.accounts.models import Stop, User

Scope = Stop.Scope


def stop(scope: str, target: int | None, by: User | None, reason: str) -> Stop:
    """Nothing of this scope leaves from the next claim on. `target` is None for everything."""
    assert (scope == Scope.EVERYTHING) == (target is None)
    pulled = Stop.objects.create(scope=scope, target=target, by=by, reason=reason)
    audit.record(by, "stop.pull", f"{scope}:{target or 'all'}", reason)
    return pulled


def lift(stop_id: int, by: User | None, reason: str) -> None:
    """Let what it held go on. Doing it again changes nothing."""
    if Stop.objects.filter(pk=stop_id, lifted_at=None).update(lifted_at=timezone.now()):
        audit.record(by, "stop.lift", f"stop:{stop_id}", reason)


def in_force() -> QuerySet[Stop]:
    """Every STOP that holds something now."""
    return Stop.objects.filter(lifted_at=None).order_by("at")


def condition(scope: str, target: str) -> str:
    """SQL that is true while no STOP holds `target` (an SQL expression for the newsletter's or channel's id)."""
    return (
        "NOT EXISTS (SELECT 1 FROM accounts_stop WHERE lifted_at IS NULL AND "  # noqa: S608 - both parts are ours
        f"(scope = 'everything' OR (scope = '{scope}' AND target = {target})))"
    )
