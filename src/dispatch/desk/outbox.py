"""Messages to targets: claimed by their row, one try, one outcome. One that may have arrived is not sent again."""

import base64
import contextlib
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from dispatch import retrying, vault
from dispatch.audience import addresses
from dispatch.audience.models import Newsletter
from dispatch.delivery import relays
from dispatch.delivery.mailers.base import Answer, Mailer, Message, Misaddressed, Trouble
from dispatch.delivery.models import Relay
from dispatch.desk import chat, personal
from dispatch.desk.models import Notice, Target
from dispatch.outcomes import Deferred, Outcome, Refused, Sent, Unknown

log = logging.getLogger(__name__)
State = Notice.State
LEASE = timedelta(minutes=11)
"""Longer than any SMTP time-out: past it a worker is dead."""
FORSAKEN = timedelta(minutes=2)
"""How long a message waits for a worker before the clock sends it: what says that nobody works must not wait for them."""
MOST_BY_HAND = 20
_by_hand = threading.Lock()
PATIENCE = timedelta(hours=12)
"""What is older than this is no news."""
PAUSES = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 30))
MAIL = policy.SMTP.clone(max_line_length=76)


def due() -> list[int]:
    """Messages that a worker should hear of."""
    waiting = Notice.objects.filter(state__in=[State.WAITING, State.SENDING], due_at__lte=timezone.now())
    return list(waiting.order_by("due_at").values_list("pk", flat=True)[:100])


def forsaken() -> list[int]:
    """Messages that no worker took in time: the broker is away, or whoever works for upkeep."""
    waiting = Notice.objects.filter(state=State.WAITING, due_at__lte=timezone.now() - FORSAKEN)
    return list(waiting.order_by("due_at").values_list("pk", flat=True)[:MOST_BY_HAND])


def send_forsaken() -> threading.Thread | None:
    """Send them from here, in a thread that nobody waits for; None: there are none, or the last is still at it."""
    numbers = forsaken()
    if not numbers or not _by_hand.acquire(blocking=False):
        return None
    thread = threading.Thread(target=_send_all, args=(numbers,), name="notices", daemon=True)
    thread.start()
    return thread


def _send_all(numbers: list[int]) -> None:
    try:
        for number in numbers:
            send(number)
    except Exception:  # a thread has nobody to raise to
        log.exception("notices could not be sent from here")
    finally:
        connection.close()
        _by_hand.release()


def send(number: int) -> None:
    """Send one that is due. Rung twice, late or in vain: no harm."""
    notice = _claim(number)
    if notice is not None:
        _settle(notice, _attempt(notice))


@transaction.atomic
def _claim(number: int) -> Notice | None:
    now = timezone.now()
    rows = Notice.objects.select_for_update(of=("self",)).select_related("target", "person")
    notice = rows.filter(pk=number, state__in=[State.WAITING, State.SENDING], due_at__lte=now).first()
    if notice is None:
        return None
    if notice.state == State.SENDING:
        _settle(notice, Unknown(reason="its worker died while sending it"))
        return None
    notice.state, notice.due_at, notice.attempts = State.SENDING, now + LEASE, notice.attempts + 1
    notice.save(update_fields=["state", "due_at", "attempts"])
    return notice


def _attempt(notice: Notice) -> Outcome:
    if notice.person is not None:
        return _mail(notice, notice.person.email)
    assert notice.target is not None
    try:
        address = vault.unseal(bytes(notice.target.address), f"target:{notice.target_id}:address")
    except vault.Unreadable as problem:
        return Refused(reason=str(problem))
    if notice.target.way == Target.Way.CHAT:
        return chat.send(address, subject(notice), notice.text)
    return _mail(notice, address)


def subject(notice: Notice) -> str:
    """ "Dispatch: 3 things", or the first words of the only one."""
    if notice.topic:
        return notice.topic
    if notice.is_test:
        return "Dispatch: a test"
    count = notice.told.count()
    return f"Dispatch: {count} things to look at" if count > 1 else "Dispatch: something to look at"


def _mail(notice: Notice, address: str) -> Outcome:
    sender = settings.TELLING_FROM or Newsletter.objects.order_by("pk").values_list("from_address", flat=True).first()
    if not sender:
        return Refused(reason="nobody to send it as: set DISPATCH_TELLING_FROM")
    try:
        message = _message(notice, sender, address)
    except (Misaddressed, ValueError):
        return Refused(reason="its address cannot be written to")
    trouble, unusable = Trouble("no relay takes mail just now"), ""
    for relay in _ways():
        try:
            answer = _through(relay, message)
        except (relays.Unusable, vault.Unreadable) as problem:
            unusable = f"its relay cannot be used: {problem}"
            continue
        if not isinstance(answer, Trouble):
            return answer
        trouble, unusable = answer, ""
    if unusable:
        return Refused(reason=unusable)
    return Deferred(until=None, reason=str(trouble), code=trouble.code)


def _ways() -> Iterator[Relay | None]:
    """The relay for messages alone (None), where there is one; then those that take readers' mail. Where one is broken the
    next is asked at once: what says that a relay is broken must not wait for it."""
    if settings.TELLING_RELAY:
        yield None
    yield from relays.in_turn()


def _through(relay: Relay | None, message: Message) -> Answer:
    """Raises Unusable, Unreadable."""
    mailer: Mailer | None = relays.open_for_one(relay) if relay else relays.mailer_of(settings.TELLING_RELAY)[1]
    if mailer is None:
        return Trouble("all the connections that the relay may have are in use")
    with contextlib.closing(mailer):
        (answer,) = mailer.send([message])
    if relay is not None and isinstance(answer, Trouble):
        relays.failed(relay, str(answer))
    elif relay is not None and isinstance(answer, Sent):
        relays.worked(relay)
    return answer


def _message(notice: Notice, sender: str, recipient: str) -> Message:
    made = EmailMessage(policy=MAIL)
    made["From"] = sender
    made["Subject"] = subject(notice)
    made["Date"] = format_datetime(timezone.now())
    made["Message-ID"] = f"<{_message_id(notice)}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers to it
    made.set_content(personal.filled(notice.text) + "\n", cte="quoted-printable")
    to = f"To: {recipient}\r\n".encode()
    return Message(sender, recipient, to + made.as_bytes().replace(b"\r\n.", b"\r\n=2E"), attempt=notice.attempts)


def _message_id(notice: Notice) -> str:
    """The same for each try, so that a mailbox can tell a repeat."""
    digest = vault.mac("message id", f"notice {notice.pk}".encode())[:16]
    return f"{base64.b32encode(digest)[:26].decode().lower()}@{settings.MESSAGE_ID_DOMAIN}"


def _settle(notice: Notice, outcome: Outcome) -> None:
    """A worker that comes back from the dead finds it settled and changes nothing."""
    ours = Notice.objects.filter(pk=notice.pk, attempts=notice.attempts, state=State.SENDING)
    now = timezone.now()
    match outcome:
        case Sent():
            ours.update(state=State.SENT, finished_at=now, trouble="")
        case Refused(reason=reason, code=code):
            ours.update(state=State.REFUSED, finished_at=now, trouble=f"{reason} {code}".strip()[:300])
        case Unknown(reason=reason):
            ours.update(state=State.UNKNOWN, finished_at=now, trouble=reason[:300])
        case Deferred(until=until, reason=reason):
            end = notice.made_at + PATIENCE
            moment = until or retrying.next_attempt(notice.attempts, now, until=end, schedule=PAUSES)
            if moment is None or moment > end:
                ours.update(state=State.REFUSED, finished_at=now, trouble=f"given up after half a day: {reason}"[:300])
            else:
                ours.update(state=State.WAITING, due_at=moment, trouble=reason[:300])
    log.info("notice sent", extra={"notice": notice.pk, "outcome": type(outcome).__name__.lower()})


def address_problem(way: str, address: str) -> str:
    """Why nothing could be told there, in words; empty: nothing stands against it."""
    if way == Target.Way.CHAT:
        return chat.problem(address)
    try:
        addresses.parse(address)
    except addresses.Malformed as problem:
        return f"This is no mail address: {problem}"
    return ""
