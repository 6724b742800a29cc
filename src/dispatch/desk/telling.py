"""Being told: each thing once to each target that chose its kind, gathered for a minute, then out by the outbox.

The clock looks at what is so (happening.py) and writes what is new beside each target, by a constraint once; what is over is
marked, so that the same is told again if it comes again. What happens within a minute, or in quiet hours, is one message.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from dispatch import queue, vault
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.desk import happening
from dispatch.desk.happening import Thing
from dispatch.desk.models import Notice, Target, Told

GATHERS = timedelta(seconds=45)
"""How long a thing waits for others; the clock comes by every ten seconds."""
SHOWN = 25
"""Things named in one message; the rest are counted."""
KEPT = timedelta(days=90)
HOVERS = {"returned": timedelta(days=1), "disk": timedelta(hours=6)}
"""What is measured against a limit may go up and down at it: within so long after it was over it is the same, and no news."""


def add(name: str, way: str, address: str, by: User | None, reason: str, **wishes: object) -> Target:
    """A target, its address sealed. `wishes`: kinds, languages, quiet_from, quiet_to."""
    with transaction.atomic():
        target = Target.objects.create(name=name, way=way, address=b"", **wishes)
        target.address = vault.seal(address, f"target:{target.pk}:address")
        target.save(update_fields=["address"])
        audit.record(by, "telling.add", f"target:{target.pk}", reason)
    return target


@transaction.atomic
def remove(target: Target, by: User | None, reason: str) -> None:
    """Nothing more is told there, and nothing is kept of it but the audit log."""
    audit.record(by, "telling.remove", f"target:{target.pk}", reason)
    target.delete()


def test(target: Target) -> Notice:
    """A message that says so, at once."""
    text = f"A test from Dispatch: {target.name} is told of\n" + "\n".join(
        f"- {happening.KINDS[kind]}" for kind in target.kinds
    )
    return _send(target, text, timezone.now(), is_test=True)


def look(now: datetime | None = None) -> None:
    """Write down what is new, close what is over, and make messages of what has waited long enough. Any number of times."""
    moment = now or timezone.now()
    things = happening.now()
    for target in Target.objects.order_by("pk"):
        wanted = [thing for thing in things if wants(target, thing)]
        _open_again(target, {thing.name for thing in wanted if thing.kind in HOVERS}, moment)
        _note(target, wanted)
        _close(target, {thing.name for thing in wanted}, moment)
        _gather(target, moment)


def wants(target: Target, thing: Thing) -> bool:
    """Whether this target chose it."""
    speaks = not target.languages or not thing.languages or bool(thing.languages & set(target.languages))
    return thing.kind in target.kinds and speaks


def is_quiet(target: Target, now: datetime) -> bool:
    """Whether only what is urgent may come, by the newsroom's clock."""
    start, end, local = target.quiet_from, target.quiet_to, timezone.localtime(now).time()
    if start is None or end is None or start == end:
        return False
    return start <= local < end if start < end else local >= start or local < end


def forget() -> None:
    """What was told long ago."""
    before = timezone.now() - KEPT
    Notice.objects.filter(made_at__lt=before).delete()
    Told.objects.filter(over_at__lt=before).delete()


def _open_again(target: Target, names: set[str], now: datetime) -> None:
    """What hovers at its limit and is back."""
    if not names:
        return
    told = Told.objects.filter(target=target, thing__in=names)
    closed = told.exclude(thing__in=told.filter(over_at=None).values("thing")).order_by("thing", "-over_at")
    for kind, within in HOVERS.items():
        last = closed.filter(kind=kind, over_at__gt=now - within).distinct("thing")
        Told.objects.filter(pk__in=last.values("pk")).update(over_at=None)


def _note(target: Target, things: Iterable[Thing]) -> None:
    known = set(Told.objects.filter(target=target, over_at=None).values_list("thing", flat=True))
    rows = [
        Told(target=target, thing=one.name, kind=one.kind, words=one.words, path=one.path, is_urgent=one.is_urgent)
        for one in things
        if one.name not in known
    ]
    Told.objects.bulk_create(rows, ignore_conflicts=True)


def _close(target: Target, names: set[str], now: datetime) -> None:
    """What passed before anyone was told of it need not be told."""
    over = Told.objects.filter(target=target, over_at=None).exclude(thing__in=names)
    over.filter(notice=None).delete()
    over.update(over_at=now)


@transaction.atomic
def _gather(target: Target, now: datetime) -> None:
    Target.objects.select_for_update().get(pk=target.pk)
    waiting = Told.objects.filter(target=target, over_at=None, notice=None)
    if is_quiet(target, now):
        waiting = waiting.filter(is_urgent=True)
    since = waiting.aggregate(since=Min("since"))["since"]
    if since is None or since > now - GATHERS:
        return
    rows = list(waiting.order_by("-is_urgent", "pk"))
    notice = _send(target, text(rows), now)
    Told.objects.filter(pk__in=[row.pk for row in rows]).update(notice=notice)


def text(rows: Sequence[Told]) -> str:
    """What a message says: what happened, in the network's own words, and where to go."""
    parts = [f"{row.words}\n{settings.PUBLIC_URL}{row.path}" for row in rows[:SHOWN]]
    more = len(rows) - SHOWN
    if more > 0:
        parts.append(f"And {more} more: {settings.PUBLIC_URL}/")
    return "\n\n".join(parts)


def _send(target: Target, words: str, now: datetime, *, is_test: bool = False) -> Notice:
    notice = Notice.objects.create(target=target, text=words, due_at=now, is_test=is_test)
    queue.enqueue("upkeep.send_notice", notice.pk)
    return notice
