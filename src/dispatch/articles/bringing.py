"""An article brought by hand: a file, an address, or pasted text."""

import hashlib
import re
from datetime import UTC, datetime, time
from pathlib import Path

from django.utils import timezone

from dispatch import fetching
from dispatch.articles import extraction, intake
from dispatch.articles.incoming import Act, Incoming, Version
from dispatch.articles.models import Article, Source
from dispatch.articles.payloads import fields

CHARSET = re.compile(r"charset=[\"']?([\w-]+)", re.IGNORECASE)


class Unreadable(ValueError):
    """What was named cannot be read; the text says why."""


def read(where: str) -> tuple[str, str]:
    """The text of a file or of an https address, and the address where there is one. Raises Unreadable."""
    if where.startswith(("http://", "https://")):
        answer = fetching.fetch(where)
        if isinstance(answer, fetching.Failed):
            raise Unreadable(f"{where} cannot be fetched: {answer.reason}.")
        if answer.status != 200:
            raise Unreadable(f"{where} answers {answer.status}.")
        return _decode(answer.body, answer.headers.get("content-type", "")), answer.url
    try:
        return Path(where).read_bytes().decode("utf-8"), ""
    except OSError as error:
        raise Unreadable(f"{where} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"{where} is not UTF-8 text (byte {error.start}).") from error


def _decode(body: bytes, content_type: str) -> str:
    """By the charset that the header or the page names, else UTF-8."""
    named = CHARSET.search(content_type) or CHARSET.search(body[:2000].decode("ascii", "replace"))
    try:
        return body.decode(named[1] if named else "utf-8", errors="replace")
    except LookupError:
        return body.decode("utf-8", errors="replace")


def moment(text: str | None) -> datetime | None:
    """Of an embargo, with its zone. Raises Unreadable."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Unreadable(f"{text!r} is no moment with a zone, like 2026-11-23T08:30+02:00.")
    return found


def bring(
    text: str,
    *,
    language: str,
    url: str = "",
    story: str = "",
    title: str = "",
    embargo_until: datetime | None = None,
) -> tuple[intake.Accepted, Article]:
    """Take an article in from a page or pasted text. Raises extraction.Nothing or Unreadable."""
    if not fields.LANGUAGE.fullmatch(language) or len(language) > 12:
        raise Unreadable(f"{language!r} is not a language tag like en, be or ru.")
    read = extraction.from_page if extraction.looks_like_html(text) else extraction.from_text
    found = read(text, url=url, title=title)
    if max(len(found.title), len(story) * 3) > 500:
        raise Unreadable("The title is longer than 500 characters, or the story's key is longer than 160.")
    source = _source(language)
    key = story or hashlib.sha256((url or found.title).encode()).hexdigest()[:16]
    now = timezone.now()
    published = datetime.combine(found.published, time(12), UTC) if found.published else now
    version = Version(
        language=language,
        external_id=f"{key}/{language}",
        title=found.title,
        html=found.html,
        url=url,
        published_at=published,
        updated_at=now,
    )
    named, said = story or f"desk:{key}", (version,)
    incoming = Incoming(act=Act.PUBLISH, event="brought", story_key=named, versions=said, embargo_until=embargo_until)
    accepted = intake.take(source, incoming)
    intake.tell(accepted)
    return accepted, Article.objects.select_related("story", "current").get(
        source=source, external_id=version.external_id, language=language
    )


def _source(language: str) -> Source:
    named = {"kind": Source.Kind.DESK, "name": "Brought by hand", "language": language}
    return Source.objects.get_or_create(slug="desk", defaults=named)[0]
