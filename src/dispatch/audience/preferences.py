"""What a reader chose, and choosing anew. Whoever opens a freshly mailed link reads the mailbox, and may do all of it."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from dispatch import openpgp, vault
from dispatch.audience import confirming, leaving, letters, rhythms
from dispatch.audience.forms import Choice
from dispatch.audience.models import Letter, Newsletter, Subscriber, Subscription

SOURCE = "preferences"


def mail_link(subscription: Subscription) -> None:
    """A letter with a fresh link to the subscription's own mailbox, three a day at most."""
    reader = subscription.subscriber
    if letters.may_write(bytes(reader.address_index), Letter.Kind.PREFERENCES):
        address = vault.unseal(bytes(reader.address), f"subscriber:{reader.pk}:address")
        kind, newsletter = Letter.Kind.PREFERENCES, subscription.newsletter
        letters.write(kind, newsletter, subscription.language, address, subscriber=reader)


def reader_of(letter: Letter) -> Subscriber | None:
    """Whose preferences this letter's link opens; a confirmed sign-up's link does it too."""
    return letter.subscriber or Subscriber.objects.filter(address_index=letter.address_index).first()


def newsletters() -> list[Newsletter]:
    """What can be chosen, the page's order."""
    return list(Newsletter.objects.filter(active=True).order_by("slug"))


def choices(reader: Subscriber, *, only_theirs: bool = False) -> list[Choice]:
    """What the reader has chosen; for newsletters they do not get, what choosing them would mean."""
    theirs = {one.newsletter_id: one for one in reader.subscriptions.all()}
    spoken = next((one.language for one in theirs.values()), "")
    return [
        _choice(newsletter, theirs.get(newsletter.pk), spoken)
        for newsletter in newsletters()
        if newsletter.pk in theirs or not only_theirs
    ]


def name(reader: Subscriber) -> str:
    """How they are greeted. Raises vault.Unreadable."""
    return vault.unseal(bytes(reader.name), f"subscriber:{reader.pk}:name") if reader.name else ""


def paused_until(reader: Subscriber) -> datetime | None:
    """When letters come again; None: they come."""
    return reader.paused_until if reader.paused_until and reader.paused_until > timezone.now() else None


@transaction.atomic
def save(
    reader: Subscriber, chosen: list[Choice], called: str, weeks: int | None, wishes: rhythms.Wishes | None = None
) -> None:
    """Take all of the page. `weeks` to pause: 0 goes on, None leaves it. Without `wishes` those that there are stay."""
    leaving.hold_the_door()
    wishes = wishes or rhythms.wishes_of(reader)
    for one in chosen:
        theirs = reader.subscriptions.filter(newsletter=one.newsletter).first()
        if one.is_on:
            confirming.subscribe(
                reader,
                one.newsletter,
                one.language,
                second=one.second_language,
                topics=list(one.topics),
                source=SOURCE,
                frequency=one.frequency,
                wishes=wishes,
            )
        elif theirs:
            leaving.leave(theirs)
    reader.name = vault.seal(called, f"subscriber:{reader.pk}:name") if called else None
    if weeks is not None:
        reader.paused_until = timezone.now() + timedelta(weeks=weeks) if weeks else None
    reader.most_a_day = wishes.most_a_day
    reader.save(update_fields=["name", "paused_until", "most_a_day"])


def key(reader: Subscriber) -> openpgp.Held | None:
    """What their letters are encrypted to; None: they are not. Raises vault.Unreadable."""
    sealed = reader.openpgp
    return openpgp.held(vault.unseal(bytes(sealed), f"subscriber:{reader.pk}:openpgp")) if sealed else None


def encrypt_to(reader: Subscriber, key: openpgp.Key | None) -> None:
    """From the next letter on to this key, or to none."""
    reader.openpgp = vault.seal(key.armored, f"subscriber:{reader.pk}:openpgp") if key else None
    reader.save(update_fields=["openpgp"])


@transaction.atomic
def leave_everything(reader: Subscriber) -> None:
    """Every newsletter ends now; a day later the person is forgotten."""
    for one in reader.subscriptions.all():
        leaving.leave(one)


def _choice(newsletter: Newsletter, theirs: Subscription | None, spoken: str) -> Choice:
    if theirs is None:
        known = spoken if spoken in newsletter.languages else next(iter(newsletter.languages), "en")
        return Choice(newsletter, is_on=False, language=known, second_language="", topics=())
    is_on = theirs.state == Subscription.State.ACTIVE
    return Choice(newsletter, is_on, theirs.language, theirs.second_language, tuple(theirs.topics), theirs.frequency)
