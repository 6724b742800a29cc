"""What an editor should know of an edition before it leaves, in words: what its letters themselves say. Nothing is asked.

What stands around a letter (headers, size on the wire, the sender's domain) is delivery's, and joins these findings there.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lxml import html

from dispatch.editions import contrast, letters, phrasing, prose, slots
from dispatch.editions.models import Edition, Variant
from dispatch.editions.rendering import Draft

Body = Draft | Variant
LONG_SUBJECT = 70
"""Signs; Gmail on a desktop shows about seventy, phones about forty."""
LEFT_OVER = re.compile(r"(?i:lorem ipsum)|\bTODO\b|\bFIXME\b|\bTKTK\b|\{\{|\}\}|\{%")


class Level(StrEnum):
    """How grave it is."""

    OK = "ok"
    LOOK = "look"
    BLOCKS = "blocks"  # nobody lets it leave without saying why


@dataclass(frozen=True)
class Finding:
    """One line of the list."""

    level: Level
    what: str  # what was looked at
    words: str
    todo: str = ""  # what to do about it


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """What blocks, what to look at, what is well."""
    return sorted(findings, key=lambda one: [Level.BLOCKS, Level.LOOK, Level.OK].index(one.level))


def of_letters(edition: Edition, bodies: Sequence[Body]) -> list[Finding]:
    """Everything that can be seen in them."""
    if not bodies:
        return [
            Finding(
                Level.LOOK,
                "Stories",
                "There is nothing to say, so nothing would be sent.",
                "Pick a story, or wait for one.",
            )
        ]
    looks = (_languages(edition, bodies), _subjects(bodies), _pictures(bodies), _left_over(bodies), _leaving(bodies))
    return [one for look in (*looks, _colours(bodies), _words(edition, bodies)) for one in look]


def _languages(edition: Edition, bodies: Sequence[Body]) -> Iterator[Finding]:
    missing = [code for code in edition.newsletter.languages if code not in {body.language for body in bodies}]
    if missing and not edition.is_own and edition.slot.count("/") == 0:
        said = f"No story is published in {', '.join(missing)}: readers of that language get nothing."
        yield Finding(Level.LOOK, "Languages", said, "Publish a translation, or let them wait for the next one.")
    else:
        yield Finding(Level.OK, "Languages", "Each language of the newsletter has a letter.")


def _subjects(bodies: Sequence[Body]) -> Iterator[Finding]:
    open_ones = [body for body in bodies if not body.discreet]
    empty = _named(body for body in bodies if not body.subject.strip())
    long = _named(body for body in open_ones if len(body.subject) > LONG_SUBJECT)
    silent = _named(body for body in open_ones if not body.preheader.strip())
    if empty:
        yield Finding(
            Level.BLOCKS, "Subject", f"There is none in {empty}.", "Write one, or give its first story a title."
        )
    if long:
        said = f"In {long} it is longer than {LONG_SUBJECT} signs; inboxes cut it."
        yield Finding(Level.LOOK, "Subject", said, "Say what matters in the first forty signs.")
    if silent:
        said = f"No preview text in {silent}: inboxes show the letter's first words instead."
        yield Finding(Level.LOOK, "Preview text", said, "Write a sentence that goes on from the subject.")
    if not (empty or long or silent):
        yield Finding(Level.OK, "Subject", "Each language has one that inboxes show whole, and a preview text.")


def _pictures(bodies: Sequence[Body]) -> Iterator[Finding]:
    """In the letters, and in stories whose pictures are said in words there."""
    nameless: dict[str, None] = {}
    for body in bodies:
        revisions = body.revisions if isinstance(body, Draft) else tuple(body.revisions.all())
        for one in revisions:
            bare = one.picture_url and not one.picture_alt.strip()
            if bare or _has_nameless(one.html):
                nameless[f"“{one.title}” ({body.language})"] = None
        if _has_nameless(body.html) and not nameless:
            nameless[f"the letter in {body.language}"] = None
    if nameless:
        said = f"A picture has no words for those who do not see it: {_few(list(nameless))}."
        yield Finding(
            Level.LOOK, "Pictures", said, "Write its alternative text in the CMS, or say in the intro what it shows."
        )
    else:
        yield Finding(Level.OK, "Pictures", "Each has words for those who do not see it.")


def _has_nameless(document: str) -> bool:
    root = html.document_fromstring(document) if document.strip() else html.Element("p")
    return any(not picture.get("alt", "").strip() for picture in root.iter("img"))


def _left_over(bodies: Sequence[Body]) -> Iterator[Finding]:
    found: dict[str, None] = {}
    for body in bodies:
        for place, text in (("subject", body.subject), ("preview text", body.preheader), ("letter", body.text)):
            found |= {f"“{match[0]}” in the {place} ({body.language})": None for match in LEFT_OVER.finditer(text)}
    if found:
        yield Finding(
            Level.BLOCKS, "Left over", f"{_few(list(found))}.", "Finish or take out what was meant to be replaced."
        )
    else:
        yield Finding(Level.OK, "Left over", "No placeholder text was found.")


def _leaving(bodies: Sequence[Body]) -> Iterator[Finding]:
    parts = [(body, part) for body in bodies for part in (body.html, body.text) if part]
    without = _named(body for body, part in parts if not slots.count(part, body.nonce)["leave"])
    if without:
        said = f"The letter in {without} has no way to leave."
        yield Finding(
            Level.BLOCKS, "Unsubscribing", said, "The template needs {{ letter.slots.leave }} in HTML and text."
        )
    else:
        yield Finding(Level.OK, "Unsubscribing", "Each letter holds a link to leave, in HTML and in plain text.")


def _colours(bodies: Sequence[Body]) -> Iterator[Finding]:
    pale = {(one.scheme, one.text): one for body in bodies if body.html for one in contrast.pale(body.html)}
    if pale:
        worst = min(pale.values(), key=lambda one: one.ratio)
        when = "by night" if worst.scheme == "dark" else "by day"
        count = f", and {len(pale) - 1} more" if len(pale) > 1 else ""
        said = f"“{worst.text}” is hard to read {when} ({worst.ratio:.1f} to 1; 4.5 is enough){count}."
        yield Finding(Level.LOOK, "Contrast", said, "Change the colour in the template.")
    else:
        yield Finding(Level.OK, "Contrast", "All text can be read, by day and by night (WCAG AA).")


def _words(edition: Edition, bodies: Sequence[Body]) -> Iterator[Finding]:
    """Whether what an editor wrote really stands in the letters; and what discreet ones leave out of it."""
    lost, held = set(), set()
    for body in () if edition.is_own else bodies:
        said = phrasing.of(edition, body.language)
        for passage in filter(str.strip, (said.intro, said.outro)):
            cleaned = prose.in_html(passage)
            if body.discreet:
                held |= (
                    {body.language} if prose.without(cleaned, letters.tells(edition.newsletter)) != cleaned else set()
                )
            elif not _is_said(cleaned, body.text):
                lost.add(body.language)
    if lost:
        said_so = f"What was written before or after the stories is not in the letter ({', '.join(sorted(lost))})."
        yield Finding(
            Level.BLOCKS,
            "Intro and outro",
            said_so,
            "The template needs {{ letter.intro }}; docs/letters.md says where.",
        )
    if held:
        said_so = f"Discreet letters in {', '.join(sorted(held))} leave out a paragraph that says whose letter it is."
        yield Finding(Level.LOOK, "Discreet letters", said_so, "Nothing, if the letter can do without it.")


def _is_said(cleaned: str, text: str) -> bool:
    first = next((line for line in prose.in_text(cleaned).splitlines() if line.strip()), "")
    return first in text


def _named(bodies: Iterable[Body]) -> str:
    return ", ".join(dict.fromkeys(f"{body.language}{', discreet' if body.discreet else ''}" for body in bodies))


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
