"""Whether bounces and complaints are heard: mailboxes that are asked, the intake, providers' webhooks."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from dispatch import env, saying
from dispatch.delivery import verp
from dispatch.delivery.models import Ear, Mailbox
from dispatch.operations.checks import Check

LATE = timedelta(minutes=5)
SILENT = timedelta(seconds=30)
"""Of the intake, which gives a sign every five."""


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


def _mailbox(mailbox: Mailbox, ear: Ear | None) -> Check:
    part, asked = f"Mailbox {mailbox.name}", mailbox.asked_at
    seen = f"Asked {saying.ago(asked)}" if asked else "Not asked yet"
    if mailbox.trouble:
        remedy = f"Nothing is lost: it waits there. Run: dispatch mailbox test {mailbox.name}"
        return Check(part, "todo", f"{seen}: {mailbox.trouble}.", remedy)
    if asked is None or timezone.now() - asked > LATE:
        return Check(part, "todo", f"{seen}.", "Is a clock there, and a worker for upkeep?")
    return Check(part, "ok", f"{seen}; {_heard(ear)}.")


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
