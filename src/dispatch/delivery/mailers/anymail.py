"""A provider's API through django-anymail: one message, one recipient, one call."""

import email
import email.policy
import ssl
from collections.abc import Iterable, Iterator
from email.message import EmailMessage
from email.mime.image import MIMEImage
from typing import Any

import requests
import urllib3
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.core.mail import EmailMultiAlternatives
from django.utils.module_loading import import_string

from dispatch.delivery.mailers.base import Answer, Leaving, Message, Room, Trouble, always
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
SESSION = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "region_name", "profile_name")
"""What an address says of Amazon's credentials; what it does not say, Amazon's library looks for in its usual places."""
LATER = {408, 429}
OF_ALL = {400, 404, 422}
"""What a provider says of a sender, domain or account that is not set up right, and then for every reader: nobody is refused
for it. That reader waits, and five in a row are the relay's own trouble."""
THROTTLES = {"TooManyRequestsException", "Throttling", "ThrottlingException", "LimitExceededException"}
NO_CONNECTION = (requests.ConnectTimeout, urllib3.exceptions.NewConnectionError, ssl.SSLCertVerificationError)
NO_CONNECTION_OF_AMAZON = {"EndpointConnectionError", "ConnectTimeoutError", "NoCredentialsError", "NoRegionError"}
KEPT = ("Message-ID", "Date", "List-Id", "Feedback-ID", "List-Unsubscribe", "List-Unsubscribe-Post")


class Anymail:
    """A mailer over a provider's API. `options` are the backend's own (api_key, sender_domain, …)."""

    def __init__(self, provider: str, options: dict[str, str], room: Room | None = None) -> None:
        self.provider, self.room = provider, room
        self.backend: Any = import_string(BACKENDS[provider])(fail_silently=False, **_for(provider, options))

    def send(self, messages: Iterable[Message | None], leaving: Leaving = always) -> Iterator[Answer]:
        """See Mailer.send."""
        for place, message in enumerate(filter(None, messages)):
            if (self.room is not None and self.room.most(1) < 1) or not leaving(place):
                return
            answer = self._one(message)
            yield answer
            if isinstance(answer, Trouble):
                return

    def knock(self) -> Trouble | None:
        """A provider says something only about a message: here its settings alone are known to be complete."""
        return None

    def close(self) -> None:
        """The provider's session."""
        self.backend.close()
        if self.room is not None:
            self.room.rest(0)

    def _one(self, message: Message) -> Answer:
        mail = _as_django(message)
        if self.provider in TRACKING:
            mail.track_opens = mail.track_clicks = False  # type: ignore[attr-defined]  # anymail reads these
        if self.provider not in WITHOUT_METADATA:
            mark = mail.extra_headers.get("Message-ID", "").strip("<>").partition("@")[0]
            mail.metadata = {MARK: mark}  # type: ignore[attr-defined]  # anymail reads this
        try:
            self.backend.send_messages([mail])
        except AnymailRecipientsRefused:
            return Refused(reason="the provider refuses this address", code="550")
        except AnymailAPIError as error:
            return _of_error(error)
        except AnymailError as error:
            return Trouble(f"the provider's settings are not right ({type(error).__name__})")
        return _of_status(mail)


def _for(provider: str, options: dict[str, str]) -> dict[str, Any]:
    """A backend's own options. Amazon's library asks again by itself after a time-out or a 5xx, when the letter may be out
    already: it is told to ask once."""
    if provider != "amazon_ses":
        return dict(options)
    own = {name: options[name] for name in ("configuration_set_name", "message_tag_name") if name in options}
    session = {name: options[name] for name in SESSION if name in options}
    client = {"endpoint_url": options["endpoint_url"]} if "endpoint_url" in options else {}
    once = {"retries": {"total_max_attempts": 1}}
    return own | {"session_params": session, "client_params": client | {"config": once}}


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
        if answer.get("Error", {}).get("Code") in THROTTLES:
            return 429
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return int(status) if status else None
    return int(error.status_code) if error.status_code else None


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
