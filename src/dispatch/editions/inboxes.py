"""How inboxes show a letter before it is opened, with what they cut off. Pure.

Lengths are what fits on common screens in each program's own type (Gmail in a window 1,280 px wide, phones of 390 px),
counted in letters of average width; a program's own settings change them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One inbox's line."""

    program: str
    sender: str
    subject: str
    preheader: str


GMAIL_ROW = 105
"""Letters that Gmail on a desktop has for subject and preview text together."""


def lines(sender: str, subject: str, preheader: str) -> list[Line]:
    """As Gmail on a desktop and on a phone, and Apple Mail show it."""
    whole = cut(subject, GMAIL_ROW)
    return [
        Line("Gmail, desktop", cut(sender, 20), whole, cut(preheader, max(GMAIL_ROW - len(whole), 0))),
        Line("Gmail, phone", cut(sender, 25), cut(subject, 40), cut(preheader, 45)),
        Line("Apple Mail, phone", cut(sender, 28), cut(subject, 38), cut(preheader, 85)),
    ]


def cut(text: str, most: int) -> str:
    """At most so many signs, with an ellipsis in the last one's place where something is missing."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…" if most > 1 else ""
