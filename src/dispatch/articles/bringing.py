"""An article brought by hand: a file, an address, or pasted text."""

import hashlib
from datetime import UTC, datetime, time
from pathlib import Path

from django.utils import timezone

from dispatch import fetching
from dispatch.articles import extraction, intake
from dispatch.articles.incoming import Act, Incoming, Version
from dispatch.articles.models import Article, Source


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
        return answer.body.decode("utf-8", errors="replace"), answer.url
    try:
        return Path(where).read_bytes().decode("utf-8"), ""
    except OSError as error:
        raise Unreadable(f"{where} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"{where} is not UTF-8 text (byte {error.start}).") from error


def bring(
    text: str, *, language: str, url: str = "", story: str = "", title: str = ""
) -> tuple[intake.Accepted, Article]:
    """Take an article in from a page or pasted text. Raises extraction.Nothing."""
    found = extraction.from_page(text, url) if extraction.looks_like_html(text) else extraction.from_text(text)
    title = title or found.title
    source, _ = Source.objects.get_or_create(
        slug="desk", defaults={"kind": Source.Kind.DESK, "name": "Brought by hand", "language": language}
    )
    key = story or hashlib.sha256((url or title).encode()).hexdigest()[:16]
    now = timezone.now()
    published = datetime.combine(found.published, time(12), UTC) if found.published else now
    version = Version(
        language=language,
        external_id=f"{key}/{language}",
        title=title,
        html=found.html,
        url=url,
        published_at=published,
        updated_at=now,
    )
    incoming = Incoming(act=Act.PUBLISH, event="brought", story_key=story or f"desk:{key}", versions=(version,))
    accepted = intake.take(source, incoming)
    return accepted, Article.objects.select_related("story", "current").get(
        source=source, external_id=version.external_id, language=language
    )
