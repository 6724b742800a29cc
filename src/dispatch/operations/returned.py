"""Whether bounces and complaints are heard: mailboxes that are asked, the intake, providers' webhooks; and whether they are
more than mailbox providers bear."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from dispatch import env, saying
from dispatch.audience.addresses import ProviderClass
from dispatch.delivery import verp
from dispatch.delivery.models import Ear, Mailbox
from dispatch.operations import stats
from dispatch.operations.checks import Check
from dispatch.operations.items import providers
from dispatch.operations.models import ReturnedShare

LATE = timedelta(minutes=5)
SILENT = timedelta(seconds=30)
"""Of the intake, which gives a sign every five."""
UNREAD = timedelta(hours=1)
"""As of the alert DispatchReturnsUnread."""
UNHEARD = "Nothing is lost, but whoever complained is still written to until it is read."
FEW = 5
"""Fewer bounces or complaints say nothing: one of a hundred readers is one reader."""
BORNE = {"complaint": 0.003, "hard": 0.05}
"""From these shares on a sender is punished, as the alert DispatchMailComesBack has it. Complaints: the rules of Gmail and of
Yahoo for senders say to stay below 0.3 %; no such mailbox: those who sell relaying mostly say below one in twenty."""


@dataclass(frozen=True)
class Unread:
    """A mailbox in which nothing was read for long."""

    mailbox: str
    since: datetime
    trouble: str

    @property
    def words(self) -> str:
        """What that means, and whether something is lost."""
        why = f" {self.trouble[:1].upper()}{self.trouble[1:]}." if self.trouble else ""
        since = f"was not read since {saying.moment(self.since)}.{why}"
        return f"The mailbox {self.mailbox}, which bounces and reports come to, {since} {UNHEARD}"


@dataclass(frozen=True)
class Share:
    """How much of what a relay handed to a provider within three days came back, of one kind."""

    relay: str
    provider: ProviderClass
    kind: str  # hard, complaint
    count: int
    letters: int

    @property
    def ratio(self) -> float:
        """Of all that were accepted."""
        return self.count / self.letters

    @property
    def way(self) -> str:
        """ "Gmail by main"."""
        return providers.way(self.provider, self.relay).capitalize()

    @property
    def words(self) -> str:
        """How much of what."""
        what = "complained of as spam" if self.kind == "complaint" else "to mailboxes that are not there"
        return f"{self.ratio:.1%} of three days' letters through it were {what}: {saying.number(self.count)}."


def checks() -> Iterator[Check]:
    """A line for each way that is set up; none where there is none."""
    ears = {ear.way: ear for ear in Ear.objects.all()}
    for mailbox in Mailbox.objects.filter(active=True).order_by("name"):
        yield _mailbox(mailbox, ears.get(f"mailbox:{mailbox.name}"))
    yield from _intake(ears.get("intake"))
    for provider in sorted(settings.MAIL_WEBHOOKS):
        yield _webhook(provider, ears.get(f"webhook:{provider}"))
    if verp.domains() and not ears and not Mailbox.objects.filter(active=True).exists():
        yield Check("Bounces", "todo", "Letters come back to an address that nobody listens to.", "See bounces.md.")


def sum_up() -> None:
    """Bring the table of what came back up to what flowed; twice is once."""
    stats.run("returned_shares")


def shares() -> list[Share]:
    """Where they are more than a few, as they were last summed."""
    found = ReturnedShare.objects.filter(count__gte=FEW).order_by("relay", "provider", "kind")
    return [Share(row.relay, ProviderClass(row.provider), row.kind, row.count, row.letters) for row in found]


def unborne() -> list[Share]:
    """Those that are more than providers bear."""
    return [share for share in shares() if share.ratio > BORNE[share.kind]]


def unread(moment: datetime) -> Iterator[Unread]:
    """Once it is long enough to alert. Whether the intake listens is told by desk/standstill.py."""
    for mailbox in Mailbox.objects.filter(active=True, read_at__lt=moment - UNREAD).order_by("name"):
        assert mailbox.read_at is not None
        yield Unread(mailbox.name, mailbox.read_at, mailbox.trouble)


def borne() -> Iterator[Check]:
    """A line for each share that is too large; none where all are borne."""
    for share in unborne():
        remedy = "Providers punish that. See docs/runbooks/DispatchMailComesBack.md."
        yield Check(share.way, "todo", share.words, remedy)


def _mailbox(mailbox: Mailbox, ear: Ear | None) -> Check:
    part, asked = f"Mailbox {mailbox.name}", mailbox.asked_at
    seen = f"Asked {saying.ago(asked)}" if asked else "Not asked yet"
    if mailbox.trouble:
        remedy = f"Nothing is lost: it waits there. Run: dispatch mailbox test {mailbox.name}"
        read = mailbox.read_at
        is_long = read and timezone.now() - read > UNREAD
        since = f" It was last read {saying.ago(read)}." if read and is_long else ""
        return Check(part, "todo", f"{seen}: {mailbox.trouble}.{since}", remedy)
    if asked is None or timezone.now() - asked > LATE:
        return Check(part, "todo", f"{seen}.", "Is a clock there, and a worker for upkeep?")
    if mailbox.aside:
        words = (
            f"{seen}; {saying.many(mailbox.aside, 'mail')} could not be read and {_is(mailbox.aside)} set aside there."
        )
        remedy = f"They are flagged and unread: look at them there. Then: dispatch mailbox again {mailbox.name}"
        return Check(part, "todo", words, remedy)
    return Check(part, "ok", f"{seen}; {_heard(ear)}.")


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _intake(ear: Ear | None) -> Iterator[Check]:
    alive = ear.alive_at if ear else None
    if alive and timezone.now() - alive < SILENT:
        yield Check("Intake", "ok", f"It listens; {_heard(ear)}.")
    elif alive or env.text("DISPATCH_INTAKE", ""):
        seen = f"It was last seen {saying.ago(alive)}." if alive else "It was never seen."
        yield Check(
            "Intake",
            "todo",
            seen,
            "The server in front keeps the mail. dispatch up starts it; elsewhere run: dispatch intake",
        )


def _webhook(provider: str, ear: Ear | None) -> Check:
    part = f"Bounces from {provider}"
    last = max(filter(None, [ear.heard_at, ear.refused_at]), default=None) if ear else None
    if ear and ear.refused_at and last == ear.refused_at:
        words = f"{_heard(ear)}. The last was not genuine, {saying.ago(ear.refused_at)}."
        return Check(part, "todo", words[:1].upper() + words[1:], "Compare the secret with the one at the provider.")
    words = _heard(ear)
    return Check(part, "ok", f"{words[:1].upper()}{words[1:]}.")


def _heard(ear: Ear | None) -> str:
    if ear is None or ear.heard_at is None:
        return "nothing heard yet"
    strange = f", {saying.number(ear.refused)} refused" if ear.refused else ""
    return f"last heard {saying.ago(ear.heard_at)}, {saying.number(ear.heard)} in all{strange}"
