"""What the clock repeats for delivery."""

from django.utils import timezone

from dispatch import clock, queue
from dispatch.delivery import (
    closing,
    forgetting,
    hold_window,
    ledger,
    letters,
    preflighting,
    ringing,
    rotating,
    stale,
    statements,
    trials,
    watching,
    waves,
)
from dispatch.delivery.bounces import mailboxes, recording
from dispatch.delivery.models import Relay, Send
from dispatch.delivery.reports import recording as reports
from dispatch.editions import lateness
from dispatch.editions.models import Edition


@clock.tick("enlist rendered editions", every=2)
def enlist_rendered() -> None:
    """Editions whose doorbell was lost; not those that are found hours late."""
    lateness.put_by()
    waiting = Edition.objects.filter(state=Edition.State.RENDERED, send=None).values_list("pk", flat=True)
    for number in waiting[:50]:
        queue.enqueue("email.enlist", number)


@clock.tick("ring due chunks", every=1)
def ring_chunks() -> None:
    """Free chunks, and those whose worker died; not of sends that stood still for hours."""
    stale.hold()
    room, among = ringing.room()
    if room:
        ringing.ring(ledger.due_chunks(room), among)


@clock.tick("end hold windows", every=1)
def end_hold_windows() -> None:
    """Sends that nobody stopped in time."""
    hold_window.over()


@clock.tick("promote due deferrals", every=1)
def promote() -> None:
    """Deferred readers whose moment has come."""
    ringing.ring(ledger.promote_due())


@clock.tick("fold what became of readers into sums", every=2)
def fold_heaps() -> None:
    """What triggers counted, so that the view adds few rows."""
    statements.execute("fold")


@clock.tick("watch first waves", every=1)
def watch_waves() -> None:
    """What the first readers' answers say about the rest."""
    for number in Send.objects.filter(state=Send.State.FIRST_WAVE).order_by("pk").values_list("pk", flat=True):
        waves.look(number)


@clock.tick("close sends", every=1)
def close_sends() -> None:
    """Sends in which nobody is missing any more."""
    for send in Send.objects.filter(state__in=[Send.State.SENDING, Send.State.CANCELLING]).order_by("pk"):
        closing.close(send)


@clock.tick("forget old exceptions", every=20)
def forget() -> None:
    """The partition of a send that ended a week ago."""
    forgetting.begin()


@clock.tick("strike readers out of old chunks", every=2)
def strike() -> None:
    """Of those sends, a part at a time."""
    forgetting.go_on()


@clock.tick("ring due letters", every=2)
def ring_letters() -> None:
    """Letters whose doorbell was lost, whose wait is over, or whose worker died."""
    due = letters.due()
    for number in due[: ringing.room_for_letters() if due else 0]:
        queue.enqueue("email.send_letter", number)


@clock.tick("ring test letters", every=2)
def ring_trials() -> None:
    """Those whose doorbell was lost, or whose worker died."""
    for number in trials.due():
        queue.enqueue("email.send_trial", number)


@clock.tick("look at editions before they leave", every=30)
def preflight() -> None:
    """Digests of the next hour, and looks whose doorbell was lost."""
    now = timezone.now()
    for number in preflighting.due(now):
        preflighting.ask(number)
    for number in preflighting.unheard(now):
        queue.enqueue("upkeep.preflight", number)


@clock.tick("forget test letters", every=3600)
def forget_trials() -> None:
    """Those of last week."""
    trials.forget()


@clock.tick("ask mailboxes", every=10)
def ask_mailboxes() -> None:
    """Each whose minute is over, and one whose worker died."""
    for number in mailboxes.due():
        queue.enqueue("upkeep.ask_mailbox", number)


@clock.tick("forget which reports were heard", every=3600)
def forget_returned() -> None:
    """Those of long ago."""
    recording.forget_old()


@clock.tick("look at sending domains", every=600)
def look_at_domains() -> None:
    """Once a night."""
    if watching.is_due(timezone.now()):
        queue.enqueue("upkeep.look_at_domains")


@clock.tick("look at DANE of relays", every=300)
def look_at_relays() -> None:
    """Where a relay takes mail; whose address does not ask for it costs nothing."""
    if Relay.objects.filter(active=True, kind=Relay.Kind.SMTP).exists():
        queue.enqueue("upkeep.look_at_relays")


@clock.tick("rotate DKIM keys", every=300)
def rotate_keys() -> None:
    """While a pair waits for the DNS, or its time is over."""
    if rotating.is_under_way():
        queue.enqueue("upkeep.rotate_keys")


@clock.tick("forget old domain reports", every=3600)
def forget_reports() -> None:
    """Those of three months ago."""
    reports.forget_old()
