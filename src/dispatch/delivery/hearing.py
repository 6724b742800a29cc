"""What a provider says of a message after it took it, through django-anymail: whom it means, and whether it is for good.

Scaleway tells nothing; anymail has no ear for it.
"""

import re
from collections.abc import Callable
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType

from dispatch.delivery import events
from dispatch.delivery.bounces import recording
from dispatch.delivery.bounces.kinds import Kind, Verdict
from dispatch.delivery.mailers.provider import MARK

CODE = re.compile(r"\b([45]\d\d)?[ -]?\b([45]\.\d{1,3}\.\d{1,3})\b")
FOR_GOOD: dict[str, Callable[[Any], bool]] = {
    "Amazon SES": lambda said: bool(said["bounce"]["bounceType"] == "Permanent"),
    "Brevo": lambda said: said["event"] in {"hard_bounce", "invalid_email"},
    "Mailgun": lambda said: bool(said["event-data"]["severity"] == "permanent"),
    "MailerSend": lambda said: bool(said["data"]["type"] == "hard_bounced"),
    "Mailjet": lambda said: bool(said["hard_bounce"]),
    "Postmark": lambda said: bool(said["Type"] == "HardBounce"),
    "Resend": lambda said: bool(said["data"]["bounce"]["type"] == "Permanent"),
    "SparkPost": lambda said: said["msys"]["message_event"]["bounce_class"] in {"10", "30"},
}
"""anymail calls a full mailbox a bounce as well; only what the provider itself calls final strikes a reader off."""


def hear(sender: object, event: AnymailTrackingEvent, esp_name: str, **_: object) -> None:  # noqa: ARG001 - a signal's shape
    """A receiver of anymail's `tracking` signal, which is sent after the provider's signature or secret was checked."""
    if event.event_type not in {EventType.BOUNCED, EventType.COMPLAINED} or not event.recipient:
        return
    reader = events.reader_of(event.recipient)
    if reader is not None:
        send = events.send_of(reader, str((event.metadata or {}).get(MARK, "")))
        verdict = Verdict(_kind(event, esp_name), _code(event))
        recording.record(send, reader, verdict, f"{esp_name}:{event.event_id or ''}")


def _kind(event: AnymailTrackingEvent, provider: str) -> Kind:
    if event.event_type == EventType.COMPLAINED:
        return Kind.COMPLAINT
    return Kind.HARD if _is_for_good(event, provider) else Kind.SOFT


def _is_for_good(event: AnymailTrackingEvent, provider: str) -> bool:
    try:
        return FOR_GOOD[provider](event.esp_event)
    except (KeyError, TypeError):
        return False


def _code(event: AnymailTrackingEvent) -> str:
    """ "550 5.1.1" of the other server's reply; never its words, which quote the address."""
    found = CODE.search(event.mta_response or "")
    return " ".join(filter(None, found.groups())) if found else ""
