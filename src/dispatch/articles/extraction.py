"""An article out of a whole page, or out of text copied from one with the navigation around it."""

import html
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import trafilatura
from babel import Locale
from lxml import html as lxml_html

LANGUAGES = ("en", "be", "ru", "uk")
BULLET = re.compile(r"^\s*[•·*‣▪◦\-–—]\s*")
ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
DOTTED = re.compile(r"\b(\d{1,2})\.(\d{1,2})\.(\d{4})\b")
SENTENCE = re.compile(r"[.!?…»”\"):;]\s*$")


@dataclass(frozen=True)
class Extracted:
    """An article as it was found."""

    title: str
    html: str
    published: date | None = None


class Nothing(ValueError):
    """No article could be found; the text says what was looked for."""


def from_page(page: str, *, url: str = "", title: str = "") -> Extracted:
    """The article of a whole HTML page. `title` replaces the page's own. Raises Nothing."""
    options: dict[str, Any] = {"url": url or None, "include_images": True}
    found: Any = trafilatura.bare_extraction(page, with_metadata=True, **options)
    if found is None or not (found.text or "").strip():
        raise Nothing("No article was found in this page.")
    title = title or (found.title or "").strip()
    if not title:
        raise Nothing("The page has no title; say it with --title.")
    written = trafilatura.extract(page, output_format="html", include_links=True, include_formatting=True, **options)
    root = lxml_html.document_fromstring(written or "<body></body>")
    body = root.find("body")
    parts = "".join(lxml_html.tostring(child, encoding="unicode") for child in (root if body is None else body))
    return Extracted(title, parts, _iso(found.date or ""))


def from_text(text: str, *, url: str = "", title: str = "") -> Extracted:  # noqa: ARG001 - as from_page has it
    """The article of pasted text: a heading, perhaps a date, paragraphs; what surrounds them is dropped.

    `title` stands in where the text has no heading, or replaces it. Raises Nothing.
    """
    blocks = _blocks(text)
    first, last = _span(blocks)
    heading, published = _heading(blocks, first)
    if not (title or heading):
        raise Nothing("The text has no heading above its first paragraph; say it with --title.")
    paragraphs = [block for block in blocks[first : last + 1] if not _date(block)]
    body = "".join(f"<p>{html.escape(paragraph, quote=False)}</p>\n" for paragraph in paragraphs)
    return Extracted(title or heading, body, published)


def looks_like_html(text: str) -> bool:
    """Whether a file holds a page rather than text."""
    return bool(re.search(r"<(!doctype|html|head|body|article|p|div)\b", text[:20_000], re.IGNORECASE))


def _blocks(text: str) -> list[str]:
    """Lines belong together until an empty one, or until a bullet begins."""
    blocks: list[list[str]] = [[]]
    for line in text.replace("\r\n", "\n").replace("\ufeff", "").split("\n"):
        if not line.strip() or BULLET.match(line):
            blocks.append([])
        stripped = line.strip()
        if stripped:
            blocks[-1].append(stripped)
    return [" ".join(block) for block in blocks if block]


def _is_prose(block: str) -> bool:
    return not BULLET.match(block) and bool(SENTENCE.search(block))


def _span(blocks: list[str]) -> tuple[int, int]:
    """From the first to the last paragraph of prose; a short line between two of them is a subheading and stays."""
    prose = [i for i, block in enumerate(blocks) if _is_prose(block) and not _date(block)]
    if not prose:
        raise Nothing("The text has no paragraph: nothing here ends like a sentence.")
    return prose[0], prose[-1]


def _heading(blocks: list[str], first: int) -> tuple[str, date | None]:
    """The nearest line above the first paragraph that is not a date; the date may stand between them."""
    published = None
    for block in reversed(blocks[:first]):
        found = _date(block)
        if not found:
            return BULLET.sub("", block).strip(), published
        published = published or found
    return "", published


def _date(block: str) -> date | None:
    """A block that is a date and nothing else, in any of our languages."""
    if len(block) > 40:
        return None
    if iso := _iso(block):
        return iso
    if dotted := DOTTED.search(block):
        return _real(int(dotted[3]), int(dotted[2]), int(dotted[1]))
    numbers = [int(number) for number in re.findall(r"\d+", block)]
    month = next((m for word in re.findall(r"[^\W\d_]+", block.lower()) if (m := MONTHS.get(word))), None)
    if month is None:
        return None
    day = next((n for n in numbers if 1 <= n <= 31), None)
    year = next((n for n in numbers if 1900 < n < 2200), None)
    return _real(year, month, day) if day and year else None


def _iso(text: str) -> date | None:
    found = ISO.search(text)
    return _real(int(found[1]), int(found[2]), int(found[3])) if found else None


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return datetime(year, month, day, tzinfo=UTC).date()
    except ValueError:
        return None


def _months() -> dict[str, int]:
    names: dict[str, int] = {}
    for language in LANGUAGES:
        for context in ("format", "stand-alone"):
            for number, name in Locale(language).months[context]["wide"].items():
                names[name.lower()] = number
    return names


MONTHS = _months()
