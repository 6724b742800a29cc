"""What does not go on though nobody said that it should wait: mail, webhooks of CMSs, letters that readers asked for, the
intake of bounces; and a file of readers that got out. (name, kind, words, path). The alerts of the same troubles have the
same bounds, so that whoever has no Prometheus hears of them too.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.urls import reverse

from dispatch import env, saying
from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.articles.models import WebhookDelivery
from dispatch.audience import honey
from dispatch.audience.models import Honey, Letter
from dispatch.delivery import tallies
from dispatch.delivery.models import Chunk, Ear, Send, WorkerBeat
from dispatch.desk import naming
from dispatch.operations import health
from dispatch.operations.models import Flow

STILL, NOBODY = timedelta(minutes=30), timedelta(minutes=10)
"""Of mail, as of the alert DispatchMailStuck: a send that waits so long, while no relay answered for so long."""
UNTRIED, TAKEN = timedelta(minutes=10), timedelta(days=1)
"""Of letters asked for, as of DispatchLettersWait; a link of yesterday's is over."""
FEW, MANY = 5, 0.3
"""Of an hour's letters: how many, and which share of them, no relay took."""
NEWEST = 20_000
UNHEARD, ONCE = timedelta(minutes=5), timedelta(days=7)
"""The intake gives a sign every five seconds; one that was not seen for a week is meant to be gone."""
Said = tuple[str, str, str, str]
State = Letter.State
OTHERS: list[Callable[[], Iterator[Said]]] = []
"""What rooms above this one have to tell of the same sort."""


def now(moment: datetime) -> Iterator[Said]:
    """Everything of it that is so."""
    yield from _stuck()
    yield from _waiting(moment)
    yield from _webhooks()
    yield from _letters(moment)
    yield from _intake(moment)
    yield from _leaks(moment)
    for others in OTHERS:
        yield from others()


def _stuck() -> Iterator[Said]:
    """By send: a chunk whose worker died again and again, or whose letters were altered."""
    over = [Send.State.FINISHED, Send.State.CANCELLED]
    stuck = Chunk.objects.filter(send=OuterRef("pk"), state=Chunk.State.STUCK)
    sends = Send.objects.exclude(state__in=over).filter(Exists(stuck)).select_related("edition__newsletter")
    for send in sends.order_by("pk"):
        count = send.chunks.filter(state=Chunk.State.STUCK).count()
        said = f"{saying.many(count, 'part')} of its mail {'is' if count == 1 else 'are'} stuck"
        words = f"{naming.newsletter(send.edition.newsletter)}: {said}. The queue says why, and frees what is mended."
        yield f"send:{send.pk}:stuck", "mail_still", words, f"{reverse('queue')}#chunks"


def _waiting(moment: datetime) -> Iterator[Said]:
    """Mail that was to leave long ago, while no relay answers to any."""
    still = list(_still(moment).select_related("edition__newsletter"))
    if still and not Flow.objects.filter(_letters_of(moment - NOBODY)).exists():
        for send in still:
            since = max(filter(None, [send.started_at, send.wave_over_at]))
            name = naming.newsletter(send.edition.newsletter)
            words = f"{name} stands still: it was to leave {saying.ago(since)}, and no relay answers to any letter."
            yield f"send:{send.pk}:still", "mail_still", words, reverse("edition_page", args=[send.edition_id])


def _still(moment: datetime) -> QuerySet[Send]:
    """Sends whose letters nobody has tried for long, and that no STOP or embargo holds."""
    stopped = stopping.in_force()
    going = Q(state=Send.State.SENDING) | Q(state=Send.State.FIRST_WAVE)
    old = Q(started_at__lt=moment - STILL) & (Q(wave_over_at=None) | Q(wave_over_at__lt=moment - STILL))
    untouched = Chunk.objects.filter(send=OuterRef("pk"), state=Chunk.State.PENDING, is_retry=False)
    waits = Q(Exists(untouched), state=Send.State.SENDING) | Q(Exists(untouched.filter(in_wave=True)))
    sends = Send.objects.filter(going & old & waits)
    if stopped.filter(scope=Stop.Scope.EVERYTHING).exists():
        return sends.none()
    sends = sends.exclude(edition__newsletter__in=stopped.filter(scope=Stop.Scope.NEWSLETTER).values("target"))
    return sends.exclude(edition__stories__story__embargo_until__gt=moment).order_by("pk")


def _letters_of(since: datetime) -> Q:
    """Whatever was answered; what came back later is no answer."""
    return Q(kind=Flow.Kind.MAIL, outcome__in=["sent", *tallies.OUTCOMES], at__gt=since)


def _webhooks() -> Iterator[Said]:
    """By source: what its CMS said and no worker could take in."""
    failed = WebhookDelivery.objects.filter(due_at__isnull=False, did="failed")
    rows = failed.values("source", "source__name", "source__slug").annotate(count=Count("pk")).order_by("source")
    for row in rows:
        said = f"{saying.many(row['count'], 'webhook')} of {row['source__name'] or row['source__slug']}"
        words = f"{said} could not be taken in: what was published or changed there may be missing here."
        words += " It is tried again every ten minutes."
        yield f"source:{row['source']}:webhooks", "webhook", words, f"{reverse('queue')}#webhooks"


def _letters(moment: datetime) -> Iterator[Said]:
    """Confirmations, links to preferences: whoever asked has the page open."""
    where = f"{reverse('queue')}#letters"
    if waiting := _untried(moment).count():
        words = f"{saying.many(waiting, 'letter')} that readers asked for, such as confirmations, waited ten minutes or more."
        yield "letters:untried", "letters", f"{words} Is there a relay that takes mail, and a worker for email?", where
    hour = _asked_since(moment - timedelta(hours=1))
    failed = Q(state__in=[State.REFUSED, State.UNKNOWN, State.LATE]) | Q(state=State.WAITING, attempts__gt=0)
    found = hour.aggregate(untaken=Count("pk", filter=failed), sent=Count("pk", filter=Q(state=State.SENT)))
    if found["untaken"] >= FEW and found["untaken"] > MANY * (found["untaken"] + found["sent"]):
        words = f"Of the last hour's letters that readers asked for no relay took {saying.number(found['untaken'])}."
        yield "letters:untaken", "letters", f"{words} The queue has the relays' replies.", where


def _untried(moment: datetime) -> QuerySet[Letter]:
    stopped = stopping.in_force()
    written = Q(written_at__lt=moment - UNTRIED, written_at__gt=moment - TAKEN)
    waiting = Letter.objects.filter(written, state=State.WAITING, attempts=0, next_attempt_at__lte=moment)
    if stopped.filter(scope=Stop.Scope.EVERYTHING).exists():
        return waiting.none()
    return waiting.exclude(newsletter__in=stopped.filter(scope=Stop.Scope.NEWSLETTER).values("target"))


def _asked_since(moment: datetime) -> QuerySet[Letter]:
    """Of the newest alone, by their numbers: no index leads to their moments."""
    newest = Letter.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return Letter.objects.filter(pk__gt=newest - NEWEST, written_at__gt=moment)


def _intake(moment: datetime) -> Iterator[Said]:
    """Set up, and nobody listens; given a while after a start of everything."""
    alive = Ear.objects.filter(way="intake").values_list("alive_at", flat=True).first()
    is_set = bool(env.text("DISPATCH_INTAKE", ""))
    is_dead = alive is not None and alive < moment - UNHEARD and (is_set or alive > moment - ONCE)
    is_up = WorkerBeat.objects.filter(queues="clock", started_at__lt=moment - UNHEARD).exists()
    if is_dead or (alive is None and is_set and is_up):
        seen = f"it was last seen {saying.ago(alive)}" if alive else "it was never seen"
        words = (
            f"The intake of bounces and complaints does not listen: {seen}. The server in front keeps the mail a while."
        )
        yield "intake", "intake", f"{words} Run: dispatch intake, or start its service", reverse("health")


def _leaks(moment: datetime) -> Iterator[Said]:
    """A reader who was invented for one file was seen elsewhere: that file is in somebody's hands."""
    seen = Honey.objects.filter(seen_at__gt=moment - health.LEAKED).values("file").annotate(last=Max("seen_at"))
    for row in seen.order_by("file"):
        is_export = row["file"].startswith("export:")
        words = f"{honey.called(row['file'])} got out: a reader who exists nowhere else was seen."
        words += " Find out who had it. What it holds is in strange hands: tell your readers."
        yield f"leak:{row['file']}", "leak", words, reverse("exports" if is_export else "audit_log")
