"""Mails that came back: those that real servers made (recorded), and those that were written by hand (mails)."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
RECORDED = HERE / "recorded"
DOMAIN = "bounces.example.org"
TOKEN = b"b-theletterswordswhichareahundred8"
"""Stands in the recorded ones for the letter's own 34 characters: as long, since servers fold lines by length."""
MARK = "0123456789abcdef" * 2
PAGES, REPLIES = (tomllib.loads((RECORDED / "replies.toml").read_text())[part] for part in ("pages", "reply"))


@dataclass(frozen=True)
class Reply:
    """What a receiver answers to one recipient, and where that is known from."""

    name: str
    at: str
    reply: str
    recipient: str
    kind: str
    page: str
    warned: bool

    @property
    def domain(self):
        return self.recipient.partition("@")[2]


def replies():
    """All in the table. One to MAIL, or to nothing, has a domain of its own, since its recipient is not known yet; and one
    that is passing, after which a server may leave the whole domain alone for a while."""
    return [reply(name, told) for name, told in REPLIES.items()]


def reply(name, told):
    is_shared = told["at"] in {"RCPT", "END"} and not told["says"].startswith("4")
    place = name.partition("_")[0] if is_shared else name.replace("_", "-")
    recipient = f"{told['to']}@{place}.example.net"
    says = told.get("says", "").replace("{to}", recipient)
    return Reply(name, told["at"], says, recipient, told["kind"], PAGES[told["page"]]["at"], told.get("warned", False))


def letter():
    """What the recorded ones are about: its words would mislead whoever took them for the server's. {to} is the recipient."""
    return (
        "From: The Office <news@example.org>\r\nTo: {to}\r\nSubject: The mailbox is full of spam, user unknown\r\n"
        "Date: Sun, 29 Nov 2026 08:00:00 +0000\r\nMessage-ID: <" + MARK + "@mail.example.org>\r\n"
        "List-Unsubscribe: <https://office.example.org/leave>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        "A reading room opens beside the river. 550 5.1.1 no such user: that is the\r\nname of the first exhibition.\r\n"
        + "The shelves were built by volunteers, and two hundred people came.\r\n"
        * 3
    )


def content(mail, token):
    """A mail as it comes: `token` is the local part of the letter that it is about."""
    raw = mail.read_bytes() if isinstance(mail, Path) else mail
    return raw.replace(TOKEN, token.encode()).replace(b"b-TOKEN", token.encode()).replace(b"MARK", MARK.encode())
