"""What may be wrong around the newsroom's work: programs, relays, the disk, backups, the certificate. (name, kind, words).

Who stopped in order is not missed: only a process that fell silent leaves its row behind.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from dispatch import queue, saying, signs
from dispatch.accounts.models import AuditEntry
from dispatch.delivery import watching
from dispatch.delivery.models import Relay, WorkerBeat
from dispatch.operations import backups, carrying, certificate, disks, health

SILENT = timedelta(minutes=1)
"""A worker that is started anew is back by then."""
ENDS = timedelta(days=14)
Said = tuple[str, str, str]


def now(moment: datetime) -> Iterator[Said]:
    """Everything of it that is so."""
    yield from _broker()
    yield from _workers(moment)
    yield from _clock(moment)
    yield from _relays()
    yield from _domains()
    yield from _disk()
    yield from _backup(moment)
    yield from _certificate(moment)


def is_clockless(moment: datetime) -> bool:
    """Whether a clock was there, and none has led for a minute."""
    beats = WorkerBeat.objects.filter(queues="clock")
    return beats.exists() and not beats.filter(doing="leading", beat_at__gt=moment - SILENT).exists()


def _broker() -> Iterator[Said]:
    if why := queue.ping(1):
        yield "broker", "broker", f"The broker does not answer: mail and posts wait until it does. {why}"


def _workers(moment: datetime) -> Iterator[Said]:
    """Queues that nobody is there for; and who is deaf, though others do its work."""
    heard, silent, deaf = set[str](), dict[str, datetime](), list[tuple[str, str, datetime]]()
    rows = WorkerBeat.objects.exclude(queues="clock").values_list("name", "queues", "beat_at", "heard_at")
    for worker, queues, beat_at, heard_at in rows:
        if beat_at <= moment - SILENT:
            silent |= {name: max(beat_at, silent.get(name, beat_at)) for name in queues.split(",")}
        elif heard_at is not None and signs.is_deaf(signs.Sign(beat_at, heard_at), moment):
            deaf.append((worker, queues, heard_at))
        else:
            heard.update(queues.split(","))
    for name in sorted(silent.keys() - heard - {one for _, queues, _ in deaf for one in queues.split(",")}):
        words = f"Nobody works for {name} any more; the last sign of life came {saying.ago(silent[name])}."
        yield f"worker:{name}", "worker", words
    for worker, queues, heard_at in sorted(deaf):
        alone = sorted(set(queues.split(",")) - heard)
        others = f"Nobody else works for {', '.join(alone)}." if alone else "Others do its work."
        words = (
            f"The worker {worker} runs, but is deaf: no work has come through to it since {saying.moment(heard_at)}."
        )
        yield f"worker:{worker}:deaf", "worker", f"{words} {others} Start it anew."


def _clock(moment: datetime) -> Iterator[Said]:
    if is_clockless(moment):
        yield "clock", "clock", "No clock leads: nothing becomes due, and nothing that is scheduled leaves."


def _relays() -> Iterator[Said]:
    """On trial it is still in the same trouble: that is no news."""
    needed = carrying.needed()
    for relay in Relay.objects.filter(active=True).exclude(breaker=Relay.Breaker.CLOSED).order_by("pk"):
        words = f"The relay {relay.name} is left alone after {saying.many(relay.failures, 'failure')}. {relay.trouble}"
        others = "" if relay in needed else " Others take its mail meanwhile."
        yield f"relay:{relay.pk}", "relay", words + others


def _domains() -> Iterator[Said]:
    """Each time anew that one falls."""
    for row in watching.fallen():
        assert row.fell_at is not None
        words = f"{row.domain or row.host}: {row.what} was right and is not any more. {row.words} {row.todo}"
        yield f"domain:{row.pk}:{row.fell_at:%Y%m%d%H%M}", "domain", words


def _disk() -> Iterator[Said]:
    for seen in disks.tightest():
        if seen.disk.share < disks.TIGHT:
            words = f"Less than a tenth of the disk of {disks.NAMES[seen.disk.what]} on {seen.host} is free. Make room."
            yield f"disk:{seen.disk.what}", "disk", words


def _backup(moment: datetime) -> Iterator[Said]:
    last = AuditEntry.objects.filter(act="backup.make").order_by("pk").last()
    if last is not None and moment - last.at > health.OLD:
        yield "backup", "backup", f"The last backup was made {saying.ago(last.at)}."
    elif last is None and (why := backups.never(moment)):
        yield "backup:never", "backup", why


def _certificate(moment: datetime) -> Iterator[Said]:
    until = certificate.own.look()
    if until is not None and until < (moment + ENDS).timestamp():
        ends = saying.moment(datetime.fromtimestamp(until, UTC))
        yield "certificate", "certificate", f"The certificate of our address ends {ends}."
