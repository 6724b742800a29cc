"""One relay, asked in person: is it reached, does it encrypt, let us in, take a letter; step by step, timed."""

import base64
import contextlib
import dataclasses
import secrets
import ssl
import time
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from django.conf import settings

from dispatch import staging, vault
from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.audience.models import Newsletter
from dispatch.delivery import relays, statements, warming
from dispatch.delivery.mailers import dane, relay_url
from dispatch.delivery.mailers.anymail import Anymail
from dispatch.delivery.mailers.base import Answer, Mailer, Message, Misaddressed, Trouble
from dispatch.delivery.mailers.smtp import Smtp
from dispatch.delivery.models import Relay
from dispatch.outcomes import Deferred, Refused, Sent

PATIENCE = 15.0
"""Seconds for each step: somebody waits for it."""
MAIL = policy.SMTP.clone(max_line_length=76)
TEXT = """This is a test letter from Dispatch.

It went through the relay “{relay}”, because somebody asked for a test of it. That you read it means: the relay takes letters,
and they arrive. Look whether it came to the inbox or to the spam folder.
"""


@dataclass(frozen=True)
class Step:
    """What was tried, what came of it in words, and how long it took."""

    name: str
    state: str  # good, bad, or empty: it was not tried
    words: str
    seconds: float = 0.0


@dataclass
class Stopwatch:
    """Turns what a mailer reached into steps."""

    steps: list[Step]
    since: float

    def reached(self, what: str) -> None:
        """A step is taken."""
        self.add(REACHED[what], "good", "")

    def add(self, name: str, state: str, words: str) -> None:
        """Its time is what passed since the last one."""
        now = time.monotonic()
        self.steps.append(Step(name, state, words, round(now - self.since, 3)))
        self.since = now


BUSY = Trouble("all the connections that it may have are in use; ask again in a moment")
REACHED = {
    "looked up": "DANE",
    "connected": "Connects",
    "greeted": "Is greeted",
    "encrypted": "Encrypts",
    "signed in": "Signs in",
}


def run(relay: Relay, address: str = "") -> list[Step]:
    """Test it, keep the steps with it, and give them. A letter goes to `address`, if one is given. The breaker stays as it
    is: a test's letter is no reader's."""
    watch = Stopwatch([], time.monotonic())
    try:
        mailer = relays.open_for_one(relay)
    except (relays.Unusable, vault.Unreadable) as problem:
        watch.add("Its address", "bad", f"It cannot be used: {problem}.")
    else:
        _ask(relay, mailer, address, watch)
    Relay.objects.filter(pk=relay.pk).update(
        tested_at=statements.now(), tested=[dataclasses.asdict(step) for step in watch.steps]
    )
    return watch.steps


def _ask(relay: Relay, mailer: Mailer | None, address: str, watch: Stopwatch) -> None:
    if mailer is None:
        watch.add("Connects", "bad", f"{BUSY.reason[:1].upper()}{BUSY.reason[1:]}.")
        return
    with contextlib.closing(_in_a_hurry(mailer)) as hasty:
        if _is_open(hasty, watch) and address:
            _post(relay, hasty, address, watch)


def is_good(steps: list[Step]) -> bool:
    """Whether nothing went wrong."""
    return all(step.state != "bad" for step in steps)


def try_now(relay: Relay) -> Trouble | None:
    """Ask a relay that is left alone whether it lets us in; if so, the next letter is its trial at once, and what waits is
    looked at again. Else what it said, and it waits as before."""
    mailer = relays.open_for_one(relay)
    if mailer is None:
        return BUSY
    with contextlib.closing(_in_a_hurry(mailer)) as hasty:
        trouble = hasty.knock()
    if trouble is not None:
        relays.failed(relay, str(trouble))
        return trouble
    broken = Relay.objects.filter(pk=relay.pk).exclude(breaker=Relay.Breaker.CLOSED)
    broken.update(breaker=Relay.Breaker.OPEN, probe_at=statements.now())
    relays.wake()
    return None


def sender() -> str:
    """Whom a test letter is from; empty where there is nobody yet."""
    first = Newsletter.objects.order_by("pk").values_list("from_address", flat=True).first()
    return str(settings.TELLING_FROM or first or "")


def _in_a_hurry(mailer: Mailer) -> Mailer:
    if isinstance(mailer, Smtp):
        hasty = dataclasses.replace(mailer.relay, patience=mailer.relay.patience.at_most(PATIENCE))
        return Smtp(hasty, mailer.room)
    if isinstance(mailer, Anymail):
        return Anymail(mailer.provider, mailer.options | {"timeout": str(PATIENCE)}, mailer.room)
    return mailer


def _is_open(mailer: Mailer, watch: Stopwatch) -> bool:
    if not isinstance(mailer, Smtp):
        trouble = mailer.knock()
        words = str(trouble) if trouble else "Complete. A provider says more only about a letter."
        watch.add("Its settings", "bad" if trouble else "good", words)
        return trouble is None
    trouble = mailer.knock(watch.reached)
    if trouble is not None:
        watch.add(_next(mailer, watch), "bad", f"{trouble}."[:1].upper() + f"{trouble}."[1:])
        return False
    _describe(mailer, watch)
    return True


def _next(mailer: Smtp, watch: Stopwatch) -> str:
    """The step that was not reached."""
    relay, done = mailer.relay, {step.name for step in watch.steps}
    order = ["connected", "encrypted", "greeted"] if relay.security == "tls" else ["connected", "greeted"]
    order = order if relay.dane == "no" else ["looked up", *order]
    order += ["encrypted"] if relay.security == "starttls" else []
    order += ["signed in"] if relay.user else []
    return next((REACHED[one] for one in order if REACHED[one] not in done), "Is ready")


def _describe(mailer: Smtp, watch: Stopwatch) -> None:
    """What a step found, beside it; and which were not asked for."""
    (line,) = mailer.lines.values()
    relay, found = mailer.relay, {"Connects": f"{mailer.relay.host}, port {mailer.relay.port}."}
    if isinstance(line.sock, ssl.SSLSocket):
        found |= _encryption(mailer, line.sock)
    if relay.user:
        found["Signs in"] = "It knows the user name and password."
    unheld = isinstance(dane.of(relay.host, relay.port, relay.dane), dane.Nothing)
    for at, one in enumerate(watch.steps):
        state = "" if unheld and one.name == REACHED["looked up"] else one.state
        watch.steps[at] = dataclasses.replace(one, words=found.get(one.name, one.words), state=state)
    if relay.security == "none":
        watch.steps.append(Step("Encrypts", "", "Not asked for by its address: security=none."))
    if not relay.user:
        watch.steps.append(Step("Signs in", "", "Its address has no user name."))


def _encryption(mailer: Smtp, secured: ssl.SSLSocket) -> dict[str, str]:
    """By what the certificate is known to be the relay's: an authority, or the DNS."""
    relay = mailer.relay
    demand = dane.of(relay.host, relay.port, relay.dane)
    if isinstance(demand, dane.Demand):
        named = f"At {demand.name} the DNS says which certificate is the relay's, and DNSSEC proves it."
        return {"DANE": named, "Encrypts": f"{secured.version()}; the certificate is one that the DNS names."}
    ends = str((secured.getpeercert() or {}).get("notAfter", ""))
    words = f"{secured.version()}; the certificate is verified, and ends {ends}.{_advice(mailer, secured)}"
    return {"DANE": f"Not held to it: {getattr(demand, 'why', demand)}.", "Encrypts": words}


def _advice(mailer: Smtp, secured: ssl.SSLSocket) -> str:
    """For a relay that could be held to DANE, and is not."""
    relay = mailer.relay
    if relay.dane != "no" or relay.cafile or "." not in relay.host or relay_url.is_address(relay.host):
        return ""
    found = dane.of(relay.host, relay.port, "yes")
    if not isinstance(found, dane.Demand):
        return ""
    if dane.is_met(found, secured):
        return " The DNS names it, too: with dane=yes in its address no other is believed."
    return f" But at {found.name} the DNS names another one (DANE): ask whoever runs the relay."


def _post(relay: Relay, mailer: Mailer, address: str, watch: Stopwatch) -> None:
    """One letter; a STOP and a rehearsal hold it like any other."""
    name = "Takes a letter"
    if any(stop.scope == Stop.Scope.EVERYTHING for stop in stopping.in_force()):
        watch.add(name, "", "Not tried: STOP is in force.")
        return
    if not (own := sender()):
        watch.add(name, "", "Not tried: nobody to send it as. Make a newsletter, or set DISPATCH_TELLING_FROM.")
        return
    try:
        message = _message(relay, own, address)
    except (Misaddressed, ValueError):
        words = "Not tried: in a rehearsal mail leaves for its mailboxes only." if staging.is_on() else ""
        watch.add(name, "" if words else "bad", words or "The address cannot be written to.")
        return
    warming.count(relay)
    (answer,) = mailer.send([message])
    watch.add(name, "good" if isinstance(answer, Sent) else "bad", _words(answer))


def _words(answer: Answer) -> str:
    match answer:
        case Sent():
            return "Taken. Look whether it arrives, and not as spam."
        case Refused(reason=reason, code=code):
            return f"Refused: {reason} {code}".strip() + "."
        case Deferred(reason=reason, code=code):
            return f"Not now: {reason} {code}".strip() + "."
        case Trouble():
            return f"The relay failed: {answer}."
        case _:
            return f"It may have it or not: {answer.reason}. Look into your mailbox."


def _message(relay: Relay, own: str, address: str) -> Message:
    made = EmailMessage(policy=MAIL)
    made["From"] = own
    made["Subject"] = f"Dispatch: a test of the relay {relay.name}"
    made["Date"] = format_datetime(statements.now())
    name = base64.b32encode(secrets.token_bytes(16))[:26].decode().lower()
    made["Message-ID"] = f"<{name}@{settings.MESSAGE_ID_DOMAIN}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers to it
    made.set_content(TEXT.format(relay=relay.name), cte="quoted-printable")
    to = f"To: {address}\r\n".encode()
    return Message(own, address, to + made.as_bytes().replace(b"\r\n.", b"\r\n=2E"))
