"""Mail that answers by itself: vacation notes, requests to prove that one is a person, and servers without a standard."""

import re
from collections.abc import Mapping
from email.errors import MessageError
from email.header import decode_header, make_header

from dispatch.delivery.bounces.kinds import Kind

LOOKED_AT = (
    *("From", "Subject", "Return-Path", "Auto-Submitted", "Precedence", "X-Autoreply", "X-Autorespond"),
    *("X-Auto-Response-Suppress", "X-Failed-Recipients", "X-Boxtrapper", "X-Spamarrest-Noauth", "X-TMDA-Fingerprint"),
)
SERVER = re.compile(
    r"mailer-daemon|postmaster@|mail delivery (sub)?system|mail administrator|microsoft outlook", re.IGNORECASE
)
FAILED = re.compile(
    r"undeliver|delivery (status notification|failure|has failed|problem)|mail delivery failed|failure notice|returned mail"
    r"|не доставлен|недоставлен|невозможно доставить|не дастаўлен",
    re.IGNORECASE,
)
ON_LEAVE = re.compile(
    r"^\W*(auto(matic)?[ -]?(reply|response|antwort)|autoreply|out of (the )?office"
    r"|on (annual |sick )?leave|vacation|away from"
    r"|abwesenheit|автоответ|автоматический ответ|аўтаадказ|аўтаматычны адказ|в отпуске|réponse automatique|respuesta autom)",
    re.IGNORECASE,
)
CHALLENGES = re.compile(
    r"(confirm|verify|prove) (that )?(you (sent|are (a )?(human|person|real))|your (message|e-?mail|address|identity))"
    r"|not (yet )?(on|in) my (list|approved)|awaiting (your )?(verification|approval)"
    r"|click.{0,60}(release|deliver) your message"
    r"|message.{0,40}(held|quarantined).{0,60}(confirm|verif)|sender verification required",
    re.IGNORECASE,
)
CHALLENGING = ("X-Boxtrapper", "X-Spamarrest-Noauth", "X-TMDA-Fingerprint")
ANSWERING = ("X-Autoreply", "X-Autorespond")


def kind(head: Mapping[str, str], words: str) -> Kind | None:
    """A challenge, an auto-reply, or neither. RFC 3834 names the header; few programs set it."""
    subject = subject_of(head)
    if any(head[name] for name in CHALLENGING) or CHALLENGES.search(f"{subject}\n{words[:4000]}"):
        return Kind.CHALLENGE
    if is_from_a_server(head, "") and not ON_LEAVE.search(subject):
        return None
    submitted = head["Auto-Submitted"].lower().startswith(("auto-replied", "auto-generated", "auto-notified"))
    says_so = submitted or any(head[name] for name in ANSWERING) or "auto_reply" in head["Precedence"].lower()
    return Kind.AUTO_REPLY if says_so or ON_LEAVE.search(subject) else None


def is_from_a_server(head: Mapping[str, str], words: str) -> bool:
    """Whether it tells of a failure in its own form: by who writes, by its subject, or by how such mails begin."""
    is_named = bool(SERVER.search(head["From"]) or head["X-Failed-Recipients"] or FAILED.search(subject_of(head)))
    begins = ("this is the qmail-send program", "created automatically by mail delivery software")
    return is_named or any(one in " ".join(words[:1000].lower().split()) for one in begins)


def subject_of(head: Mapping[str, str]) -> str:
    """Decoded (RFC 2047), or as it came where it cannot be."""
    try:
        return str(make_header(decode_header(head["Subject"])))
    except (LookupError, ValueError, MessageError):
        return head["Subject"]
