"""A letter to one reader outside editions: claimed by its row, one message, one outcome, and then its address is gone.

Write-ahead as in the ledger: a letter whose worker died between claim and answer may have been taken, so it is unknown and is
not sent again; whoever waits for it can ask for another one.
"""

import base64
import contextlib
import logging
from collections.abc import Iterator
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

import jinja2
from django.conf import settings
from django.db import transaction

from dispatch import retrying, templating, tracing, vault
from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.audience import letters
from dispatch.audience.models import Letter
from dispatch.delivery import relays, statements, warming
from dispatch.delivery.mailers.base import Mailer, Message, Misaddressed, Trouble
from dispatch.delivery.models import Relay
from dispatch.outcomes import Deferred, Refused, Sent, Unknown

log = logging.getLogger(__name__)
State = Letter.State
LEASE = timedelta(minutes=11)
"""Longer than any SMTP time-out (RFC 5321 section 4.5.3.2.6 has ten minutes): past it a worker is dead."""
MAIL = policy.SMTP.clone(max_line_length=76)


def due() -> list[int]:
    """Letters that a worker should hear of."""
    waiting = Letter.objects.filter(state__in=[State.WAITING, State.SENDING], next_attempt_at__lte=statements.now())
    return list(waiting.order_by("next_attempt_at").values_list("pk", flat=True)[:100])


def send(number: int) -> None:
    """Send a letter, as far as its state lets. Rung twice, late or in vain: no harm. Somebody waits for it: where a relay is
    in trouble, and so surely did not take it, the next one is asked at once."""
    letter, trouble = None, None
    for relay, mailer in _ways() if _is_due(number) else ():
        with contextlib.closing(mailer):
            letter = letter or _claim(number)
            trouble = _send(letter, relay, mailer) if letter else None
        if letter is None or trouble is None:
            return
        if not _goes_on(letter):
            break
    if letter and trouble:
        _put_off(letter, trouble.code)


def _is_due(number: int) -> bool:
    """Looked at before a connection is: most doorbells of a busy hour come in vain."""
    waiting = Letter.objects.filter(pk=number, state__in=[State.WAITING, State.SENDING])
    return waiting.filter(next_attempt_at__lte=statements.now()).exists()


def _ways() -> Iterator[tuple[Relay, Mailer]]:
    """Each relay that takes mail and has a connection to spare, once."""
    asked: set[int] = set()
    while (relay := relays.choose(for_one=True, besides=asked)) is not None:
        asked.add(relay.pk)
        try:
            mailer = relays.open_for_one(relay)
        except (relays.Unusable, vault.Unreadable) as problem:
            _blame(relay, f"it cannot be used: {problem}", "")
            continue
        if mailer is not None:
            yield relay, mailer


def _send(letter: Letter, relay: Relay, mailer: Mailer) -> Trouble | None:
    """Its end, or that it waits; or the relay's trouble, and nothing has become of it yet."""
    warming.count(relay)
    try:
        with tracing.span("mail.letter", relay=relay.name):
            (answer,) = mailer.send([_message(letter)])
            tracing.note(outcome=type(answer).__name__.lower())
    except (vault.Unreadable, Misaddressed, jinja2.TemplateError, ValueError) as problem:
        log.error("a letter cannot be made", extra={"letter": letter.pk, "code": type(problem).__name__.lower()})  # noqa: TRY400 - a traceback could hold the address
        _settle(letter, State.REFUSED, "unmakeable")
        return None
    match answer:
        case Sent():
            relays.worked(relay)
            _settle(letter, State.SENT, relay=relay)
        case Refused(code=code):
            _settle(letter, State.REFUSED, code, relay)
        case Unknown():
            _settle(letter, State.UNKNOWN, relay=relay)
        case Deferred(code=code):
            _put_off(letter, code, relay)
        case Trouble(code=code):
            _blame(relay, str(answer), code)
            letter.tries = _noted(letter, "deferred", code, relay)
            return answer
    return None


@transaction.atomic
def _claim(number: int) -> Letter | None:
    """The letter, where it waits and is due; one whose worker died is settled as unknown."""
    now = statements.now()
    letter = Letter.objects.select_for_update(of=("self",)).select_related("newsletter").filter(pk=number).first()
    if letter is None or letter.next_attempt_at > now or letter.state not in {State.WAITING, State.SENDING}:
        return None
    if letter.state == State.SENDING:
        _settle(letter, State.UNKNOWN)
        return None
    if letter.expires_at <= now:
        _settle(letter, State.LATE)
        return None
    if _is_stopped(letter):
        return None
    letter.state, letter.next_attempt_at, letter.attempts = State.SENDING, now + LEASE, letter.attempts + 1
    letter.save(update_fields=["state", "next_attempt_at", "attempts"])
    return letter


def _is_stopped(letter: Letter) -> bool:
    held = [(Stop.Scope.EVERYTHING, None), (Stop.Scope.NEWSLETTER, letter.newsletter_id)]
    return any((stop.scope, stop.target) in held for stop in stopping.in_force())


def _goes_on(letter: Letter) -> bool:
    """Whether the next relay may be asked: the letter is still ours, and from now on for as long again; nothing holds it."""
    ours = Letter.objects.filter(pk=letter.pk, attempts=letter.attempts, state=State.SENDING)
    return not _is_stopped(letter) and bool(ours.update(next_attempt_at=statements.now() + LEASE))


def _settle(letter: Letter, state: str, code: str = "", relay: Relay | None = None) -> None:
    """Its end; the address has served. A worker that comes back from the dead finds it settled and changes nothing."""
    ours = Letter.objects.filter(pk=letter.pk, attempts=letter.attempts, state=letter.state)
    ours.update(state=state, code=code[:20], address=None, tries=_noted(letter, state, code, relay))


def _put_off(letter: Letter, code: str, relay: Relay | None = None) -> None:
    """Until its next moment; of no relay, where each that was asked is noted already."""
    moment = retrying.next_attempt(letter.attempts, statements.now(), until=letter.expires_at)
    if moment is None:
        _settle(letter, State.LATE, code, relay)
        return
    ours = Letter.objects.filter(pk=letter.pk, attempts=letter.attempts, state=letter.state)
    tries = _noted(letter, "deferred", code, relay) if relay else letter.tries
    ours.update(state=State.WAITING, code=code[:20], next_attempt_at=moment, tries=tries)


def _noted(letter: Letter, word: str, code: str, relay: Relay | None) -> str:
    return retrying.noted(letter.tries, statements.now(), word, relay.pk if relay else 0, code[:20])


def _blame(relay: Relay, reason: str, code: str) -> None:
    relays.failed(relay, reason)
    log.warning("relay in trouble", extra={"relay": relay.name, "code": code})


def _message(letter: Letter) -> Message:
    """Plain text from a template, in the reader's language, without a name or a newsletter in it."""
    recipient, sender = letters.address(letter), letters.sender(letter)
    subject, _, body = _template(letter).render(link=letters.link(letter)).strip().partition("\n")
    made = EmailMessage(policy=MAIL)
    made["From"] = sender
    made["Subject"] = subject.strip()
    made["Date"] = format_datetime(statements.now())
    made["Message-ID"] = f"<{_message_id(letter)}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers to it
    made.set_content(body.strip() + "\n", cte="quoted-printable")
    to = f"To: {recipient}\r\n".encode()  # by hand: the library would fold a long one, and encode one in other letters
    return Message(sender, recipient, to + made.as_bytes().replace(b"\r\n.", b"\r\n=2E"), attempt=letter.attempts)


def _message_id(letter: Letter) -> str:
    digest = vault.mac("message id", b"letter " + bytes(letter.handle))[:16]
    return f"{base64.b32encode(digest)[:26].decode().lower()}@{settings.MESSAGE_ID_DOMAIN}"


def _template(letter: Letter) -> jinja2.Template:
    """`templates/email/neutral/<kind>.<language>.txt`, the newsroom's own first, in English where there is no other."""
    loader = jinja2.FileSystemLoader([folder / "email" / "neutral" for folder in templating.folders()])
    plain = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 - plain text
    languages = (letter.language, letter.language.partition("-")[0], "en")
    return plain.select_template([f"{letter.kind}.{language}.txt" for language in languages])
