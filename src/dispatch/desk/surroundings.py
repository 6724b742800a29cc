"""What may be wrong around the newsroom's work: programs, relays, what comes back, the disk, backups, the certificate.
(name, kind, words).

Who stopped in order is not missed: only a process that fell silent leaves its row behind.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from dispatch import queue, saying, signs
from dispatch.accounts.models import AuditEntry
from dispatch.delivery import holding_to_dane, watching
from dispatch.delivery.models import Relay, WorkerBeat
from dispatch.operations import backups, carrying, certificate, disks, health, returned

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
    yield from coming_back(moment)
    yield from _disk()
    yield from _backup(moment)
    yield from _certificate(moment)


def coming_back(moment: datetime) -> Iterator[Said]:
    """Bounces and complaints: that they cannot be heard, or are more than mailbox providers bear."""
    for one in returned.unread(moment):
        yield f"unread:mailbox:{one.mailbox}", "unread", one.words
    for share in returned.unborne():
        words = f"{share.way}: {share.words} Providers punish that: find out why before the next edition leaves."
        yield f"returned:{share.kind}:{share.provider:d}:{share.relay}", "returned", words


def is_clockless(moment: datetime) -> bool:
    """Whether a clock was there, and none has led for a minute."""
    beats = WorkerBeat.objects.filter(queues="clock").exclude(doing=signs.STARTING)
    return beats.exists() and not beats.filter(doing="leading", beat_at__gt=moment - SILENT).exists()


def _broker() -> Iterator[Said]:
    if why := queue.ping(1):
        yield "broker", "broker", f"The broker does not answer: mail and posts wait until it does. {why}"


def _workers(moment: datetime) -> Iterator[Said]:
    """Queues that nobody is there for; and who is deaf, though others do its work."""
    heard, silent, slow = set[str](), dict[str, datetime](), dict[str, timedelta]()
    deaf: list[tuple[str, str, datetime]] = []
    for beat in WorkerBeat.objects.exclude(queues="clock"):
        names, is_gone = beat.queues.split(","), beat.beat_at <= moment - SILENT
        if beat.sign.is_starting and (is_gone or signs.slow_for(beat.sign, moment)):
            slow |= {} if is_gone else dict.fromkeys(names, moment - (beat.heard_at or beat.started_at))
        elif is_gone:
            silent |= {name: max(beat.beat_at, silent.get(name, beat.beat_at)) for name in names}
        elif beat.heard_at is not None and signs.is_deaf(beat.sign, moment):
            deaf.append((beat.name, beat.queues, beat.heard_at))
        else:
            heard.update(names)
    for name in sorted(
        (silent.keys() | slow.keys()) - heard - {one for _, queues, _ in deaf for one in queues.split(",")}
    ):
        yield f"worker:{name}", "worker", _nobody(name, silent.get(name), slow.get(name))
    for worker, queues, heard_at in sorted(deaf):
        alone = sorted(set(queues.split(",")) - heard)
        others = f"Nobody else works for {', '.join(alone)}." if alone else "Others do its work."
        words = (
            f"The worker {worker} runs, but is deaf: no work has come through to it since {saying.moment(heard_at)}."
        )
        yield f"worker:{worker}:deaf", "worker", f"{words} {others} Start it anew."


def _nobody(name: str, last: datetime | None, slow: timedelta | None) -> str:
    seen = f"any more; the last sign of life came {saying.ago(last)}." if last else "yet."
    starts = f" The new one is slow to start, {saying.span(slow)} so far. {signs.REMEDY}" if slow else ""
    return f"Nobody works for {name} {seen}{starts}"


def _clock(moment: datetime) -> Iterator[Said]:
    if is_clockless(moment):
        yield "clock", "clock", "No clock leads: nothing becomes due, and nothing that is scheduled leaves."


def _relays() -> Iterator[Said]:
    """On trial it is still in the same trouble: that is no news."""
    for relay in Relay.objects.filter(active=True).exclude(dane=None).order_by("pk"):
        held = holding_to_dane.kept(relay)
        if held and held.standing != holding_to_dane.HELD:
            yield f"relay:{relay.pk}:dane", "relay", f"The relay {relay.name}: {held.words} {held.todo}"
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
