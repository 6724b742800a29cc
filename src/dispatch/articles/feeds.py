"""RSS, Atom and JSON Feed. A feed adds what no webhook told; it changes nothing that came another way."""

import calendar
import hashlib
import io
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import feedparser
from django.utils import timezone

from dispatch import fetching
from dispatch.articles.found import Found
from dispatch.articles.incoming import Act, Incoming, Malformed, Version
from dispatch.articles.models import Source
from dispatch.articles.payloads import fields

REMEMBERED = 500


def ask(source: Source) -> Found:
    """Fetch it unless it has not changed; tell what is in it."""
    state = source.poll_state
    conditions = {"If-None-Match": state.get("etag", ""), "If-Modified-Since": state.get("modified", "")}
    answer = fetching.fetch(source.poll_url, headers={name: value for name, value in conditions.items() if value})
    if isinstance(answer, fetching.Failed):
        return Found(trouble=answer.reason)
    if answer.status == 304:
        return Found()
    if answer.status != 200:
        return Found(trouble=f"the feed answers {answer.status}")
    items = _items(answer)
    if items is None:
        return Found(trouble="what is there is not a feed")
    archive = _archive(state, items)
    versions = list(_versions(source, items, archive))
    kept = {"etag": answer.headers.get("etag", ""), "modified": answer.headers.get("last-modified", "")}
    return Found(tuple(_incoming(source, version) for version in versions), kept | {"archive": archive})


def _incoming(source: Source, version: Version) -> Incoming:
    key = f"{source.slug}:{version.external_id}"
    return Incoming(act=Act.NOTICE, event="poll", story_key=key[:200], versions=(version,))


def _archive(state: dict[str, Any], items: list[dict[str, Any]]) -> list[str]:
    """Ids of items that say no date of their own and stood in the feed when it was first read: never news."""
    undated = [_short(item["id"]) for item in items if not item["published"]]
    return undated[:REMEMBERED] if "archive" not in state else [one for one in undated if one in state["archive"]]


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _versions(source: Source, items: list[dict[str, Any]], archive: list[str]) -> Iterator[Version]:
    for item in items:
        if _short(item["id"]) in archive:
            continue
        try:
            yield _version(source, item)
        except Malformed:
            continue  # one bad item does not keep the others out


def _version(source: Source, item: dict[str, Any]) -> Version:
    signs = {tag: language for language, tag in source.language_tags.items()}
    topics = fields.words(item, "topics")
    language = next((signs[topic] for topic in topics if topic in signs), "")
    now = timezone.now()
    published = fields.moment(item, "published", default=now)
    return Version(
        language=language or fields.text(item, "language", longest=12, required=False) or source.language,
        external_id=_id(fields.text(item, "id", longest=2000)),
        title=fields.text(item, "title"),
        html=fields.text(item, "html", longest=4_000_000),
        url=fields.url(item, "url"),
        topics=tuple(topic for topic in topics if topic not in signs),
        published_at=published,
        updated_at=fields.moment(item, "updated", default=published),
    )


def _id(text: str) -> str:
    """An id is often a long address; the column is not."""
    return text if len(text) <= 180 else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _items(answer: fetching.Fetched) -> list[dict[str, Any]] | None:
    """The feed's items, alike whatever it is written in; None when it is no feed."""
    if answer.body.lstrip()[:1] == b"{":
        return _json_items(answer.body)
    headers = {"content-type": answer.headers.get("content-type", "")}
    # A stream, because feedparser would open a file that bytes happen to name; cleaning is ours.
    feed = feedparser.parse(
        io.BytesIO(answer.body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    return [_entry(entry) for entry in feed.entries] if feed.version else None


def _entry(entry: Any) -> dict[str, Any]:
    contents = entry.get("content") or [{}]
    link = entry.get("link", "")
    return {
        "id": entry.get("id") or link,
        "title": entry.get("title"),
        "html": contents[0].get("value") or entry.get("summary"),
        "url": link,
        "topics": [str(tag.get("term") or "")[:80] for tag in entry.get("tags", [])],
        # `in` first: feedparser warns when it makes one up from the other.
        "published": _iso(entry["published_parsed"]) if "published_parsed" in entry else "",
        "updated": _iso(entry["updated_parsed"]) if "updated_parsed" in entry else "",
    }


def _iso(parsed: time.struct_time | None) -> str:
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC).isoformat() if parsed else ""


def _json_items(body: bytes) -> list[dict[str, Any]] | None:
    """JSON Feed 1.1 (jsonfeed.org/version/1.1)."""
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    items = feed.get("items")
    if not str(feed.get("version", "")).startswith("https://jsonfeed.org/version/") or not isinstance(items, list):
        return None
    return [_json_item(item, feed.get("language")) for item in items if isinstance(item, dict)]


def _json_item(item: dict[str, Any], language: Any) -> dict[str, Any]:
    text = str(item.get("content_text") or "").replace("&", "&amp;").replace("<", "&lt;")
    return {
        "id": str(item.get("id") or item.get("url") or ""),
        "title": item.get("title"),
        "html": item.get("content_html") or "".join(f"<p>{part}</p>" for part in text.split("\n\n") if part),
        "url": item.get("url"),
        "topics": [str(tag)[:80] for tag in item.get("tags") or []],
        "published": item.get("date_published"),
        "updated": item.get("date_modified"),
        "language": item.get("language") or language,
    }
