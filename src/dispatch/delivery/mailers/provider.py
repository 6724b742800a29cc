"""A provider's API through django-anymail: a session that is kept, one message, one recipient, one call."""

import email
import email.policy
import functools
import ssl
import sys
import time
import uuid
from email.message import EmailMessage
from email.mime.image import MIMEImage
from typing import Any

import requests
import urllib3
from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailSerializationError,
    AnymailUnsupportedFeature,
)
from django.core.mail import EmailMultiAlternatives
from django.utils.module_loading import import_string

from dispatch.delivery.mailers import relay_url, roll
from dispatch.delivery.mailers.base import Answer, Message, Trouble
from dispatch.outcomes import Deferred, Refused, Sent, Unknown

BACKENDS = {
    "amazon_ses": "anymail.backends.amazon_ses.EmailBackend",
    "brevo": "anymail.backends.brevo.EmailBackend",
    "mailgun": "anymail.backends.mailgun.EmailBackend",
    "mailjet": "anymail.backends.mailjet.EmailBackend",
    "mailersend": "anymail.backends.mailersend.EmailBackend",
    "postmark": "anymail.backends.postmark.EmailBackend",
    "resend": "anymail.backends.resend.EmailBackend",
    "scaleway": "anymail.backends.scaleway.EmailBackend",
    "sparkpost": "anymail.backends.sparkpost.EmailBackend",
    "test": "anymail.backends.test.EmailBackend",
}
TRACKING = {"mailersend", "mailgun", "mailjet", "postmark", "sparkpost", "test"}
"""Providers that can be told, message by message, not to watch readers; with the others it is a switch of the account."""
WITHOUT_METADATA = {"mailersend"}
MARK = "dispatch"
"""Under this name a provider keeps the Message-ID's opaque half (some put one of their own into the mail) and gives it back
with what it says of the message later (hearing.py)."""
SAYS_IT_AGAIN = {"resend"}
"""Providers that answer a letter whose key they know with what they said the first time (for a day,
https://resend.com/docs/dashboard/emails/idempotency-keys). Brevo does nothing then either, but says only that it was asked
before (for half an hour, https://developers.brevo.com/docs/heterogenous-versions-batch-emails)."""
REPEATED = Unknown(reason="the provider was asked for this letter before, and does not say what it did")
PATIENCE = 30
"""Seconds for a connection, and for an answer."""
REST = 4.0
"""Seconds for which a connection may stand idle and still be used: many servers close theirs after five."""
SESSION = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "region_name", "profile_name")
"""What an address says of Amazon's credentials; what it does not say, Amazon's library looks for in its usual places."""
LATER = {408, 429}
OF_ONE = (AnymailInvalidAddress, AnymailSerializationError, AnymailUnsupportedFeature)
"""Of one message, as an address that this provider cannot write: that reader waits, and five in a row are the relay's."""
OF_ALL = {400, 404, 422}
"""What a provider says of a sender, domain or account that is not set up right, and then for every reader: nobody is refused
for it. That reader waits, and five in a row are the relay's own trouble."""
THROTTLES = {"TooManyRequestsException", "Throttling", "ThrottlingException", "LimitExceededException"}
CLOSED = {"AccountSuspendedException": 403, "SendingPausedException": 403, "MailFromDomainNotVerifiedException": 403}
"""Amazon says 400 there, as of a single letter, but means the account or the domain."""
NO_CONNECTION = (requests.ConnectTimeout, urllib3.exceptions.NewConnectionError, ssl.SSLCertVerificationError)
NO_CONNECTION_OF_AMAZON = {"EndpointConnectionError", "ConnectTimeoutError", "NoCredentialsError", "NoRegionError"}
KEPT = ("Message-ID", "Date", "List-Id", "Feedback-ID", "List-Unsubscribe", "List-Unsubscribe-Post")


class Session:
    """One of a mailer's sessions with a provider, kept open; one letter at a time, whichever thread brings it. Raises
    ImproperlyConfigured where an option or a library is missing."""

    def __init__(self, provider: str, options: dict[str, str], relay: str = "") -> None:
        self.provider, self.relay = provider, relay
        self.backend: Any = import_string(BACKENDS[provider])(fail_silently=False, **_for(provider, options))
        if provider == "amazon_ses":
            self.backend.session_params["botocore_session"] = _beside_others()
        library = sys.modules[type(self.backend).__module__]
        self.unready: tuple[type[Exception], ...] = (*getattr(library, "BOTO_BASE_ERRORS", ()), ValueError)
        self.is_open = False
        self.rested_from = 0.0  # on the monotonic clock

    def open(self) -> Trouble | None:
        """Nothing is sent by that. One that stood idle is made anew first: the other side may be about to close it, and a
        letter that met that would be in doubt."""
        if self.is_open and time.monotonic() > self.rested_from + REST:
            self.close()
        if not self.is_open:
            try:
                self.backend.open()
            except self.unready as error:  # Amazon's library alone asks for anything here
                return _unready(error)
            self.is_open, self.rested_from = True, time.monotonic()
            roll.change(self.relay, None, roll.State.AT_WORK)
        return None

    def send(self, message: Message) -> Answer:
        """One letter, one answer. A provider that gives its first answer again is asked for one that did not arrive."""
        if trouble := self.open():
            return trouble
        answer = self._ask(message)
        if isinstance(answer, Unknown) and self.provider in SAYS_IT_AGAIN:
            answer = self._ask(message)
        self.rested_from = time.monotonic()
        return answer

    def close(self) -> None:
        """Its connection."""
        if self.is_open:
            self.backend.close()
            self.is_open = False
            roll.change(self.relay, roll.State.AT_WORK, None)

    def _ask(self, message: Message) -> Answer:
        mail = _as_django(message)
        if self.provider in TRACKING:
            mail.track_opens = mail.track_clicks = False  # type: ignore[attr-defined]  # anymail reads these
        if self.provider not in WITHOUT_METADATA:
            mark = mail.extra_headers.get("Message-ID", "").strip("<>").partition("@")[0]
            mail.metadata = {MARK: mark}  # type: ignore[attr-defined]  # anymail reads this
        self._name(mail, message.attempt)
        try:
            self.backend.send_messages([mail])
        except AnymailRecipientsRefused:
            return Refused(reason="the provider refuses this address", code="550")
        except AnymailAPIError as error:
            return REPEATED if _is_repeat(error, self.provider) else _of_error(error)
        except OF_ONE as error:
            reason = f"the provider cannot be given it ({type(error).__name__})"
            return Deferred(until=None, reason=reason, code="5.7.0")
        except AnymailError as error:
            return _unready(error)
        return _of_status(mail)

    def _name(self, mail: EmailMultiAlternatives, attempt: int) -> None:
        """By the key of its letter and attempt a provider that has such keys knows a repeat, and sends it once."""
        message_id = mail.extra_headers.get("Message-ID", "").strip("<>")
        if not message_id:
            return
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, f"mid:{message_id}#{attempt}"))
        if self.provider == "resend":
            self.backend.session.headers["Idempotency-Key"] = key
        elif self.provider == "brevo":
            mail.extra_headers["idempotencyKey"] = key


def _for(provider: str, options: dict[str, str]) -> dict[str, Any]:
    """A backend's own options. Amazon's library asks again by itself after a time-out or a 5xx, when the letter may be out
    already: it is told to ask once. Raises Unusable."""
    seconds = relay_url.number("timeout", options.get("timeout", str(PATIENCE)))
    if provider != "amazon_ses":
        return options | {"timeout": seconds}
    own = {name: options[name] for name in ("configuration_set_name", "message_tag_name") if name in options}
    session = {name: options[name] for name in SESSION if name in options}
    client = {"endpoint_url": options["endpoint_url"]} if "endpoint_url" in options else {}
    once = {"retries": {"total_max_attempts": 1}, "connect_timeout": seconds, "read_timeout": seconds}
    return own | {"session_params": session, "client_params": client | {"config": once}}


def _beside_others() -> Any:
    """A session of Amazon's library for which its descriptions of services are read already: 10 ms instead of 60."""
    from botocore.session import Session as AmazonSession

    session = AmazonSession()
    session.register_component("data_loader", _descriptions())
    return session


@functools.cache
def _descriptions() -> Any:
    from botocore.session import Session as AmazonSession

    return AmazonSession().get_component("data_loader")


def _as_django(message: Message) -> EmailMultiAlternatives:
    parsed = email.message_from_bytes(message.whole(), policy=email.policy.default)
    plain, rich = parsed.get_body(("plain",)), parsed.get_body(("html",))
    mail = EmailMultiAlternatives(
        subject=str(parsed["Subject"]),
        body=plain.get_content() if plain else "",
        from_email=str(parsed["From"]),
        to=[message.recipient],
        reply_to=[str(parsed["Reply-To"])] if parsed["Reply-To"] else None,
        headers={name: str(parsed[name]) for name in KEPT if parsed[name]},
    )
    if rich:
        mail.attach_alternative(rich.get_content(), "text/html")
    for picture in (part for part in parsed.walk() if part.get_content_maintype() == "image"):
        mail.attach(_inline(picture))
    return mail


def _inline(picture: EmailMessage) -> MIMEImage:
    """A picture that the letter holds, as providers' backends look for it."""
    made = MIMEImage(picture.get_content(), picture.get_content_subtype())
    made["Content-ID"], made["Content-Disposition"] = str(picture["Content-ID"]), "inline"
    return made


def _unready(error: Exception) -> Trouble:
    return Trouble(f"the provider's settings are not right ({type(error).__name__})")


def _of_error(error: AnymailAPIError) -> Answer:
    status = _status(error)
    if status is None and _never_left(error):
        return Trouble("no connection to the provider")
    if status is None or status < 400 or status >= 500:
        return Unknown(reason="the provider does not say what it did", evidence={"status": status})
    if status in {401, 402, 403}:
        return Trouble("the provider does not let us in", str(status))
    if status in LATER:
        return Deferred(until=None, reason="the provider takes it later", code=str(status))
    if status in OF_ALL:
        return Deferred(until=None, reason="the provider refuses the message or its sender", code=f"{status} 5.7.0")
    return Refused(reason="the provider refuses this message", code=str(status))


def _status(error: AnymailAPIError) -> int | None:
    """Of HTTP; Amazon's library gives its answer as a dictionary."""
    answer = error.response
    if isinstance(answer, dict):
        code = answer.get("Error", {}).get("Code")
        if code in THROTTLES | CLOSED.keys():
            return CLOSED.get(code, 429)
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return int(status) if status else None
    return int(error.status_code) if error.status_code else None


def _is_repeat(error: AnymailAPIError, provider: str) -> bool:
    """Whether nothing was done since the letter's key is known, without a word about what became of the first time."""
    if provider == "resend":
        return bool(error.status_code == 409)
    if provider != "brevo" or error.status_code != 400 or error.response is None:
        return False
    try:
        said = error.response.json()
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("code") == "duplicate_parameter"


def _never_left(error: BaseException) -> bool:
    """Whether no byte of the message can have been read by the other side: there was no connection, or none to be trusted."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, NO_CONNECTION) or type(seen).__name__ in NO_CONNECTION_OF_AMAZON:
            return True
        reason = next((one for one in seen.args if isinstance(one, BaseException)), None)
        seen = getattr(seen, "reason", None) or seen.__cause__ or seen.__context__ or reason
        seen = seen if isinstance(seen, BaseException) else reason
    return False


def _of_status(mail: EmailMultiAlternatives) -> Answer:
    told = getattr(mail, "anymail_status", None)
    words = told.status if told else set()
    if words & {"sent", "queued"}:
        return Sent(remote_id=str(told.message_id or "") if told else "")
    if words & {"invalid", "rejected"}:
        return Refused(reason="the provider refuses this address", code="550")
    return Unknown(reason="the provider does not say what it did")
