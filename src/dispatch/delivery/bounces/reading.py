"""What a mail that came back says: delivery status notifications (RFC 3464, in a report of RFC 6522), complaints (RFC 5965),
and what servers wrote before there were standards or beside them.

Anybody may write to these addresses, so nothing in here raises, whatever it is given, and nothing of a mail is kept.
"""

import email
import email.errors
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from dispatch.delivery import verp
from dispatch.delivery.bounces import answering, kinds
from dispatch.delivery.bounces.kinds import Kind, Verdict

LARGEST = 512 * 1024
"""Bytes looked at: a report stands at the beginning, what it returns behind it."""
STATUS, FEEDBACK = "message/delivery-status", "message/feedback-report"
RETURNED = {"message/rfc822", "message/rfc822-headers", "text/rfc822-headers", "message/global"}
"""Parts that hold the letter itself, or its header."""
ACTIONS = {"delayed", "delivered", "relayed", "expanded"}
"""Of RFC 3464 section 2.3.3, those that are no failure."""
GIVEN_UP = ": Envelope expired"
"""So OpenSMTPD 6.8 ends what it calls delayed: it has given the letter up, and tells it in the form of its warnings."""
NO_COMPLAINT = {"not-spam", "auth-failure", "dmarc"}
WHERE_IT_CAME = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To")
MARK = re.compile(r"^Message-ID:\s*<([0-9a-f]{32})@", re.IGNORECASE | re.MULTILINE)
COPY_BEGINS = re.compile(
    r"^(-{2,}[ ]?(below this line is a copy|this is a copy of the message|original message|исходное сообщение)"
    r"|-{3,} ?(the )?(forwarded|original|returned) message|(unsent|original) message headers"
    r"|return-path: |received: from |dkim-signature: )",
    re.IGNORECASE | re.MULTILINE,
)
SAID = 16 * 1024
"""Characters of a report's words that are looked through."""


@dataclass(frozen=True)
class Report:
    """One mail that came back. `letter`: which it is about, where an address of ours says; else the `mark` of the letter's
    Message-ID and its `recipient`, which only prove it together, and are not to be kept."""

    verdict: Verdict
    letter: verp.Letter | None = None
    mark: str = ""
    recipient: str = ""
    identity: str = ""  # its own Message-ID


def read(raw: bytes, came_to: str = "") -> Report:
    """`came_to`: the envelope's recipient, where it is known. Never raises."""
    try:
        return _read(raw[:LARGEST], came_to)
    except (
        RecursionError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        email.errors.MessageError,
    ):  # the parser's, of mail made to hurt it
        return Report(Verdict(Kind.UNKNOWN), verp.read(came_to))


def _read(raw: bytes, came_to: str) -> Report:
    mail = email.message_from_bytes(raw, policy=email.policy.compat32)
    parts = list(mail.walk())
    feedback = next((_fields(part) for part in parts if part.get_content_type() == FEEDBACK), None)
    copies = "\n".join(_text(part) for part in parts if part.get_content_type() in RETURNED) or _after(_words(parts))
    found = MARK.search(copies)
    return Report(
        verdict=_of_feedback(feedback) if feedback is not None else _judge(mail, parts),
        letter=verp.read(came_to) or _letter(mail, feedback, copies),
        mark=found[1].lower() if found else "",
        recipient=_recipient(feedback, parts),
        identity=_header(mail, "Message-ID")[:998],
    )


def _letter(mail: Message, feedback: dict[str, str] | None, copies: str) -> verp.Letter | None:
    """By the address that it came to; a complaint, which comes to one for all, by what it returns."""
    came = verp.find("\n".join(_header(mail, name) for name in WHERE_IT_CAME))
    told = verp.find((feedback or {}).get("original-mail-from", ""))
    return came or told or verp.find(copies)


def _of_feedback(feedback: dict[str, str]) -> Verdict:
    return Verdict(Kind.NOTICE if feedback.get("feedback-type", "").lower() in NO_COMPLAINT else Kind.COMPLAINT)


def _judge(mail: Message, parts: list[Message]) -> Verdict:
    blocks = [block for part in parts if part.get_content_type() == STATUS for block in _blocks(part)]
    words = _before(_words(parts))
    told = [block for block in blocks if block.get("action") or block.get("status")]
    if told:
        return _of_status(told[0], words)
    head = {name: _header(mail, name) for name in answering.LOOKED_AT}
    if kind := answering.kind(head, words):
        return Verdict(kind)
    return kinds.judge("", "", words) if answering.is_from_a_server(head, words) else Verdict(Kind.UNKNOWN)


def _of_status(block: dict[str, str], words: str) -> Verdict:
    """One recipient's, the first: a letter has one."""
    if block.get("action", "").lower() in ACTIONS and GIVEN_UP not in words:
        return Verdict(Kind.NOTICE)
    diagnostic = block.get("diagnostic-code", "") or _said_of(_address(block.get("final-recipient", "")), words)
    return kinds.judge(block.get("status", ""), diagnostic, words)


def _said_of(recipient: str, words: str) -> str:
    """The answer that OpenSMTPD gives in its words alone, behind the recipient; its status says 5.0.0 of everything."""
    found = re.search(rf"^{re.escape(recipient)}: (.+)$", words, re.MULTILINE) if recipient else None
    return found[1] if found else ""


def _address(told: str) -> str:
    return told.rpartition(";")[2].strip(" <>")


def _blocks(part: Message) -> Iterator[dict[str, str]]:
    """A status part is groups of fields: the message's, then each recipient's."""
    return (_lowered(email.message_from_string(text.strip())) for text in re.split(r"\r?\n\r?\n", _inner(part)))


def _fields(part: Message) -> dict[str, str]:
    return _lowered(email.message_from_string(_inner(part).lstrip()))


def _inner(part: Message) -> str:
    """A part's own text. The parser takes it for messages, the encoded ones of gateways too (RFC 2046 has none)."""
    groups = part.get_payload()
    if not isinstance(groups, list):
        return _decoded(part)
    whole = Message()
    whole["Content-Transfer-Encoding"] = _header(part, "Content-Transfer-Encoding")
    whole.set_payload("\n".join(str(group) for group in groups))
    return _decoded(whole)


def _lowered(fields: Message) -> dict[str, str]:
    return {name.lower(): " ".join(str(value).split()) for name, value in fields.items()}


def _recipient(feedback: dict[str, str] | None, parts: list[Message]) -> str:
    if feedback is not None:
        told = feedback.get("original-rcpt-to", "")
    else:
        blocks = [block for part in parts if part.get_content_type() == STATUS for block in _blocks(part)]
        told = next((one["final-recipient"] for one in blocks if one.get("final-recipient")), "")
    return _address(told)


def _words(parts: list[Message]) -> str:
    """What it says to people, the letter that it returns left out."""
    inside: set[int] = set()
    said = []
    for part in parts:
        if part.get_content_type() in RETURNED:
            inside.update(id(one) for one in part.walk())
        if part.get_content_maintype() == "text" and id(part) not in inside:
            said.append(_decoded(part))
    return "\n".join(said)


def _before(words: str) -> str:
    found = COPY_BEGINS.search(words)
    return (words[: found.start()] if found else words)[:SAID]


def _after(words: str) -> str:
    found = COPY_BEGINS.search(words)
    return words[found.start() :] if found else ""


def _text(part: Message) -> str:
    inner = part.get_payload()
    return "\n".join(str(one) for one in inner) if isinstance(inner, list) else _decoded(part)


def _decoded(part: Message) -> str:
    """Its text, whatever it calls its alphabet; without HTML's marks."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    try:
        text = content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        text = content.decode("utf-8", "replace")
    return re.sub(r"<[^<>]{0,500}>", _opened, text) if part.get_content_subtype() == "html" else text


def _opened(tag: re.Match[str]) -> str:
    """An address in angle brackets is no tag."""
    return tag[0] if "@" in tag[0] and " " not in tag[0] else " "


def _header(mail: Message, name: str) -> str:
    return " ".join(str(value) for value in mail.get_all(name, []))
