"""What a send begins with: whose turn it is, how long it may be tried, whom it is for, and who goes ahead of the rest."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from dispatch import logs, staging, vault
from dispatch.audience import addresses
from dispatch.audience.models import Newsletter, Subscriber
from dispatch.delivery import comparing, hold_window, statements
from dispatch.delivery.models import Send
from dispatch.editions import correcting, subjects
from dispatch.editions.models import Edition, EditionStory

TTL = {Newsletter.Cadence.WEEKLY: timedelta(hours=72)}
GONE = "Who got it is not known any more: that is forgotten a week after a send's end."
TOLD = "Nobody gets a story twice, and who has this one is not known any more: that is forgotten a week after a send's end."


def must_wait(edition: Edition) -> bool:
    """Whether an earlier edition of the same story is not enlisted yet: whom it takes is open, and nobody gets both."""
    if edition.is_own:  # its readers are told nothing twice, in whatever order
        return False
    further = edition.stories.filter(is_further=True).values("story")
    earlier = Edition.objects.filter(newsletter=edition.newsletter_id, stories__story__in=further, pk__lt=edition.pk)
    return earlier.filter(state__in=[Edition.State.RENDERED, Edition.State.DUE], send=None).exists()


def put_by(edition: Edition) -> bool:
    """Whether it is late now and waits for a person, since nobody can be chosen for it any more. Within a transaction, as
    `too_late`."""
    trouble = too_late(edition)
    return bool(trouble and Edition.objects.filter(pk=edition.pk).update(state=Edition.State.LATE, trouble=trouble))


def too_late(edition: Edition) -> str:
    """Why nobody can be chosen for it any more, in a sentence; empty: they can.

    Within a transaction, until whose end no send forgets whom this depends upon.
    """
    over = _decisive(edition).filter(state__in=[Send.State.FINISHED, Send.State.CANCELLED], frozen_count__gt=0)
    known = over.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("totals", flat=True)
    return (GONE if edition.is_correction else TOLD) if any(list(known)) else ""


def _decisive(edition: Edition) -> QuerySet[Send]:
    """The sends whose readers say who gets it, or who does not: what it corrects, or earlier ones of a further edition's
    story."""
    if edition.is_correction:
        return Send.objects.filter(edition__in=correcting.mistaken(edition.correction).values("edition"))
    if not edition.slot.startswith("story:"):  # a digest leaves nobody out (enlist.sql)
        return Send.objects.none()
    further = edition.stories.filter(is_further=True).values("story")
    others = EditionStory.objects.filter(newsletter=edition.newsletter_id, story__in=further).exclude(edition=edition)
    return Send.objects.filter(edition__in=others.values("edition"))


def new_send(edition: Edition) -> Send:
    """Its row; nobody is enlisted yet."""
    cadence = Newsletter.Cadence(edition.newsletter.cadence)
    now = statements.now()
    return Send.objects.create(
        edition=edition,
        state=Send.State.ENLISTING,
        ambiguity=edition.newsletter.ambiguity,
        is_urgent=edition.is_urgent,
        trail=logs.trail.get(),
        started_at=now,
        expires_at=now + TTL.get(cadence, timedelta(hours=24)),
    )


def audience(edition: Edition, send: Send) -> dict[str, Any]:
    """What `enlist.sql` asks for."""
    return {
        "edition": edition.pk,
        "newsletter": edition.newsletter_id,
        "cadence": edition.newsletter.cadence,
        "topics": statements.row("topics", edition=edition.pk)[0],
        **cutting(send),
    }


def cutting(send: Send) -> dict[str, Any]:
    """What `cut.sql` asks for."""
    return {
        "send": send.pk,
        "size": settings.DELIVERY["chunk"],
        "seeds": [vault.blind_index(addresses.unique_form(address)) for address in settings.DELIVERY["seeds"]],
        "only": _rehearsed(send),
        **_wave(send),
    }


def _rehearsed(send: Send) -> list[int] | None:
    """In a rehearsal, its readers who may get mail: each address is opened and forgotten. None: this is no rehearsal."""
    if not staging.is_on():
        return None
    readers = Subscriber.objects.filter(subscriptions__newsletter=send.edition.newsletter_id)
    sealed = readers.values_list("pk", "address").iterator(1000)
    return [number for number, address in sealed if _may(number, bytes(address))]


def _may(number: int, sealed: bytes) -> bool:
    try:
        return staging.allows(vault.unseal(sealed, f"subscriber:{number}:address"))
    except vault.Unreadable:
        return False


def _wave(send: Send) -> dict[str, Any]:
    """How many go ahead: where two subjects are tested, those they are tested with."""
    test = comparing.of(send)
    if test is not None:
        return {
            "wave_from": -(-100 * subjects.LEAST // test.share),
            "wave_share": test.share / 50,
            "wave_most": 2**31 - 1,
        }
    return {
        "wave_from": settings.DELIVERY["first_wave_from"],
        "wave_share": settings.DELIVERY["first_wave_share"],
        "wave_most": settings.DELIVERY["first_wave_most"],
    }


def start(send: Send, frozen: int, wave: int) -> None:
    """Let it go, a first wave ahead of the rest where there is a rest, or have it wait for as long as its newsletter says.
    With nobody to write to it is over at once."""
    send.frozen_count = frozen
    send.first_wave = wave if wave < frozen else 0
    send.state = Send.State.FIRST_WAVE if send.first_wave else Send.State.SENDING if frozen else Send.State.FINISHED
    send.finished_at = None if frozen else send.started_at
    hold_window.begin(send)
    send.save()
