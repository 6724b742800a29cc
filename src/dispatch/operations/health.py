"""Is Dispatch well? Each check looks at one thing and says in words what it saw and what to do."""

import time
from collections.abc import Iterator
from datetime import timedelta

from django.db import Error, connection
from django.db.models import Max, QuerySet
from django.utils import timezone

from dispatch import queue, saying, signs
from dispatch.accounts.models import AuditEntry
from dispatch.articles.models import Source, WebhookDelivery
from dispatch.audience import honey
from dispatch.audience.models import Honey
from dispatch.delivery import berths, holding_to_dane, throttling, warming
from dispatch.delivery.models import HungTask, Relay, Send, WorkerBeat
from dispatch.operations import carrying, certificate, disks, domains, overdue, replicated, returned
from dispatch.operations.checks import Check
from dispatch.social import networks, probing
from dispatch.social.models import Channel

SILENT_AFTER = timedelta(seconds=20)
"""Four beats missed."""
KEPT = 5.0
SLOW = timedelta(minutes=1)
RECENT = timedelta(days=1)
OLD = timedelta(days=2)
"""A backup: what came since would be lost."""
LEAKED = timedelta(days=7)
"""For how long a file that got out is news, as of the alert DispatchReadersLeaked: it will never be undone."""


def checks() -> list[Check]:
    """Everything; without its database Dispatch can say little else."""
    found = database()
    if found.state == "bad":
        return [found, *broker(), *disks.own()]
    return [
        found,
        *replicated.checks(),
        *broker(),
        *clock(),
        *workers(),
        *hung(),
        *relays(),
        *sends(),
        *overdue.checks(),
        *returned.checks(),
        *returned.borne(),
        *domains.checks(),
        *webhooks(),
        *sources(),
        *channels(),
        *leaks(),
        *backups(),
        *disks.checks(),
        *certificate.checks(),
    ]


def database() -> Check:
    """It answers, and how fast."""
    started = time.monotonic()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version'), pg_database_size(current_database())")
            version, size = cursor.fetchone() or ("", 0)
    except Error:
        return Check("Database", "bad", "It does not answer.", "Is PostgreSQL running? See DISPATCH_DATABASE_URL.")
    took = (time.monotonic() - started) * 1000
    return Check(
        "Database", "ok", f"PostgreSQL {version.split()[0]} answers in {took:.0f} ms and holds {saying.size(size)}."
    )


def broker() -> Iterator[Check]:
    """Without it everything still goes, only later."""
    if trouble := queue.ping():
        yield Check(
            "Broker",
            "bad",
            f"It does not answer: {trouble}",
            "Nothing is lost, but mail and posts wait. Start it again.",
        )
    else:
        yield Check("Broker", "ok", "It answers.")


def clock() -> Iterator[Check]:
    """One leads, the others wait."""
    alive = _alive().filter(queues="clock")
    leading = alive.filter(doing="leading").first()
    if leading is None:
        last = WorkerBeat.objects.filter(queues="clock").order_by("-beat_at").first()
        seen = f"The last one gave a sign of life {saying.ago(last.beat_at)}." if last else "None has been seen yet."
        yield Check("Clock", "bad", f"No clock leads. {seen}", "Nothing becomes due without it. Run: dispatch clock")
    else:
        more = alive.count() - 1
        yield Check("Clock", "ok", f"{leading.name} leads{f', {more} more in wait' if more else ''}.")


def workers() -> Iterator[Check]:
    """Each queue needs at least one."""
    heard: set[str] = set()
    for beat in WorkerBeat.objects.exclude(queues="clock").order_by("queues", "name"):
        names = beat.queues.replace(",", " ").split()
        what = f"{beat.name} · {', '.join(names)}"
        if timezone.now() - beat.beat_at > SILENT_AFTER:
            yield Check(
                "Worker",
                "todo",
                f"{what}: silent, last seen {saying.ago(beat.beat_at)}.",
                "Another takes over what it held.",
            )
        elif slow := signs.slow_for(beat.sign, timezone.now()):
            words = f"{what}: slow to start, {saying.span(slow)} so far."
            yield Check("Worker", "todo", words, f"{signs.REMEDY} It gets more time with each try.")
        elif why := signs.trouble(beat.sign, timezone.now()):
            yield Check("Worker", "bad", f"{what}: {why}.", "Whoever supervises it should start it anew: see Workers.")
        else:
            heard.update(names)
            up = saying.span(timezone.now() - beat.started_at)
            yield Check("Worker", "ok", f"{what}: {beat.doing or 'alive'}, up {up}.")
    if deaf := [name for name in queue.QUEUES if name not in heard]:
        yield Check("Workers", "bad", f"Nobody works for {', '.join(deaf)}.", "Run: dispatch worker")


def hung() -> Iterator[Check]:
    """Tasks that were ended within a day because they got on with nothing; no line where there is none."""
    for one in HungTask.objects.filter(last_at__gt=timezone.now() - RECENT).order_by("kind"):
        words = f"{one.last} hung for {saying.span(one.last_seconds)} and was ended {saying.ago(one.last_at)}"
        yield Check(
            "Task",
            "todo",
            f"{words}; {one.kind} did so {saying.many(one.count, 'time')} in all.",
            "Nothing is lost. The worker's log says where it stood: see Workers.",
        )


def _limits(relay: Relay) -> tuple[str, str, str]:
    connections = berths.words(relay)
    return throttling.words(relay), f"connections: {connections}" if connections else "", warming.words(relay)


def relays() -> Iterator[Check]:
    """Where mail is handed over."""
    active = list(Relay.objects.filter(active=True).order_by("name"))
    needed = carrying.needed()
    for relay in active:
        yield from _dane(relay)
        if relay.breaker == Relay.Breaker.CLOSED:
            rough = f", {saying.many(relay.failures, 'failure')} just now: {relay.trouble}" if relay.failures else ""
            pace = "".join(f"; {words}" for words in _limits(relay) if words)
            yield Check(
                f"Relay {relay.name}",
                "todo" if relay.failures else "ok",
                f"{relay.get_kind_display()}, takes mail{rough}{pace}.",
            )
        else:
            next_try = f"Next try {saying.ago(relay.probe_at)}." if relay.probe_at else ""
            words = f"Left alone after {saying.many(relay.failures, 'failure')}: {relay.trouble}. {next_try}"
            remedy = "Mail waits for it" if relay in needed else "Others take its mail meanwhile"
            state = "bad" if relay in needed else "todo"
            yield Check(f"Relay {relay.name}", state, words.strip(), f"{remedy}; no reader is given up.")
    if not active:
        yield Check(
            "Relays",
            "todo",
            "There is none, so no mail leaves.",
            "Run: dispatch relay add NAME smtp://user:password@host:587",
        )


def _dane(relay: Relay) -> Iterator[Check]:
    """Said before a letter waits for it, or leaves without the protection that its address asks for."""
    held = holding_to_dane.kept(relay)
    if held and held.standing != holding_to_dane.HELD:
        state = "bad" if held.standing == holding_to_dane.WAITS else "todo"
        yield Check(f"Relay {relay.name}, DANE", state, held.words, held.todo)


def sends() -> Iterator[Check]:
    """The books balance."""
    wrong = list(Send.objects.filter(state=Send.State.UNBALANCED).values_list("pk", flat=True)[:5])
    if wrong:
        numbers = ", ".join(map(str, wrong))
        yield Check(
            "Ledger",
            "bad",
            f"Send {numbers} does not add up.",
            "Repeat nothing. See docs/runbooks/DispatchUnbalanced.md.",
        )
    else:
        yield Check("Ledger", "ok", "Every send adds up.")


def webhooks() -> Iterator[Check]:
    """Whatever a CMS said is taken in within moments."""
    waiting = WebhookDelivery.objects.filter(due_at__isnull=False)
    if failed := waiting.filter(did="failed").count():
        words = f"{saying.many(failed, 'webhook')} could not be taken in."
        yield Check("Webhooks", "todo", words, "The log says why; the queue's page lists them. They are tried again.")
    elif oldest := waiting.filter(received_at__lt=timezone.now() - SLOW).order_by("id").first():
        words = (
            f"{saying.many(waiting.count(), 'webhook')} to be taken in, the oldest {saying.ago(oldest.received_at)}."
        )
        yield Check("Webhooks", "todo", words, "Is a worker for articles busy, or none there?")
    else:
        yield Check("Webhooks", "ok", "All are taken in.")


def sources() -> Iterator[Check]:
    """CMSs and feeds that are polled."""
    for source in Source.objects.exclude(poll_url="").order_by("name"):
        part = f"Source {source.name or source.slug}"
        if source.poll_trouble:
            yield Check(
                part, "todo", source.poll_trouble, f"Webhooks still arrive. Last asked {saying.ago(source.polled_at)}."
            )
        else:
            yield Check(part, "ok", f"{source.get_kind_display()}, last asked {saying.ago(source.polled_at)}.")


def channels() -> Iterator[Check]:
    """Connected accounts, as their networks last said, and what is scheduled on those that cannot post."""
    at_risk = {risk.channel.pk: risk.words for risk in probing.risks()}
    for channel in Channel.objects.filter(active=True).order_by("name"):
        part = f"Channel {channel.name}"
        if channel.network not in networks.registry:
            words = f"This Dispatch knows no network “{channel.network}”; nothing is posted there."
            yield Check(part, "todo", words, "Bring back the version of Dispatch that knew it, or remove the channel.")
        elif channel.trouble:
            scheduled = f" It will not post {at_risk[channel.pk]}." if channel.pk in at_risk else ""
            yield Check(
                part,
                "todo",
                f"{channel.trouble.rstrip('.')}.{scheduled}",
                f"Run: dispatch channel probe {channel.slug}",
            )
        else:
            seen = f", asked {saying.ago(channel.probed_at)}" if channel.probed_at else ", not asked yet"
            yield Check(part, "ok", f"{networks.told(channel.network)}{seen}.")


def leaks() -> Iterator[Check]:
    """A reader who was invented for an export or a backup was seen elsewhere."""
    seen = Honey.objects.exclude(seen_at=None).values_list("file").annotate(last=Max("seen_at"))
    for file, last in seen.order_by("file"):
        is_export = file.startswith("export:")
        yield Check(
            "Exports" if is_export else "Backups",
            "bad" if timezone.now() - last < LEAKED else "todo",
            f"{honey.called(file)} got out: a reader who exists nowhere else was seen.",
            "Exports says where and when, and who had the file."
            if is_export
            else "The audit log says when, and where.",
        )


def backups() -> Iterator[Check]:
    """When everything was last kept elsewhere."""
    last = AuditEntry.objects.filter(act="backup.make").order_by("pk").last()
    if last is None:
        yield Check("Backup", "todo", "There is none yet.", "Run: dispatch backup FILE --to age1…")
        return
    is_old = timezone.now() - last.at > OLD
    remedy = "Run: dispatch backup FILE --to age1…" if is_old else ""
    yield Check(
        "Backup", "todo" if is_old else "ok", f"The last was made {saying.ago(last.at)}: {last.reason}.", remedy
    )


_last: tuple[float, bool] = (-KEPT, True)


def is_ok() -> bool:
    """Whether nothing is bad; asked of the world every five seconds at most, since anyone may ask us."""
    global _last  # noqa: PLW0603 - the memory of one answer
    if time.monotonic() - _last[0] >= KEPT:
        _last = (time.monotonic(), all(check.state != "bad" for check in checks()))
    return _last[1]


def _alive() -> QuerySet[WorkerBeat]:
    return WorkerBeat.objects.filter(beat_at__gt=timezone.now() - SILENT_AFTER)
