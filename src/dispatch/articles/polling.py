"""What a webhook missed: feeds and CMS APIs are asked every few minutes. The same article twice does nothing."""

import calendar
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import feedparser
import jwt
from django.utils import timezone

from dispatch import fetching, vault
from dispatch.articles import intake
from dispatch.articles.incoming import Act, Incoming, Malformed, Version
from dispatch.articles.models import Source
from dispatch.articles.payloads import fields, ghost, wordpress

JSON_FEED = "https://jsonfeed.org/version/"


@dataclass(frozen=True)
class Polled:
    """What a poll found, or why it could not."""

    taken: int = 0
    trouble: str = ""


def poll(source: Source) -> Polled:
    """Ask once, take what is new, keep where to go on from."""
    ask = {Source.Kind.GHOST: _ghost, Source.Kind.WORDPRESS: _wordpress}.get(Source.Kind(source.kind), _feed)
    polled = ask(source)
    source.poll_trouble = polled.trouble[:300]
    source.polled_at = timezone.now()
    source.save(update_fields=["poll_trouble", "polled_at", "poll_state"])
    return polled


def fetch_one(source: Source, external_id: str) -> Polled:
    """What a WordPress hint pointed at."""
    answer = fetching.fetch(wordpress.address(source, external_id))
    post = _json(answer)
    if isinstance(post, str):
        return Polled(trouble=post)
    return Polled(taken=_take(source, [wordpress.version(source, post)]))


def _take(source: Source, versions: Iterable[Version]) -> int:
    """Only what was published since the source was added: a new feed does not mail its archive."""
    taken = 0
    for version in versions:
        if version.published_at < source.created_at:
            continue
        key = f"{source.slug}:{version.external_id.partition('/')[0]}"[:200]
        incoming = Incoming(act=Act.PUBLISH, event="poll", story_key=key, versions=(version,))
        taken += intake.take(source, incoming).did in {"published", "revised"}
    return taken


def _feed(source: Source) -> Polled:
    state = source.poll_state
    conditions = {"If-None-Match": state.get("etag", ""), "If-Modified-Since": state.get("modified", "")}
    answer = fetching.fetch(source.poll_url, headers={k: v for k, v in conditions.items() if v})
    if isinstance(answer, fetching.Failed):
        return Polled(trouble=answer.reason)
    if answer.status == 304:
        return Polled()
    if answer.status != 200:
        return Polled(trouble=f"the feed answers {answer.status}")
    items = list(_items(source, answer.body))
    if not items and not _is_feed(answer.body):
        return Polled(trouble="what is there is not a feed")
    taken = _take(source, items)
    source.poll_state = {"etag": answer.headers.get("etag", ""), "modified": answer.headers.get("last-modified", "")}
    return Polled(taken=taken)


def _is_feed(body: bytes) -> bool:
    return bool(feedparser.parse(body).version) or JSON_FEED.encode() in body[:500]


def _items(source: Source, body: bytes) -> Iterator[Version]:
    if body.lstrip()[:1] == b"{":
        feed = json.loads(body)
        entries, read = feed.get("items", []), _json_item
    else:
        entries, read = feedparser.parse(body).entries, _entry
    for entry in entries:
        try:
            yield read(source, entry)
        except Malformed:
            continue  # one bad item does not keep the others out


def _entry(source: Source, entry: Any) -> Version:
    link = entry.get("link", "")
    contents = entry.get("content") or []
    html = contents[0].get("value", "") if contents else entry.get("summary", "")
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    published = _utc(moment) or timezone.now()
    changed = entry.get("updated_parsed")
    item = {"id": str(entry.get("id") or link), "title": entry.get("title"), "html": html, "url": link}
    topics = [str(tag.get("term", ""))[:80] for tag in entry.get("tags", [])]
    updated = _utc(changed) or published
    return _version(source, item, topics, published, updated)


def _utc(parsed: time.struct_time | None) -> datetime | None:
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None


def _json_item(source: Source, entry: dict[str, Any]) -> Version:
    html = entry.get("content_html") or f"<p>{entry.get('content_text', '')}</p>"
    item = {"id": str(entry.get("id", "")), "title": entry.get("title"), "html": html, "url": entry.get("url")}
    published = fields.moment(entry, "date_published", default=timezone.now())
    updated = fields.moment(entry, "date_modified", default=published)
    language = entry.get("language") or source.language
    return _version(source, item | {"language": language}, list(fields.words(entry, "tags")), published, updated)


def _version(
    source: Source, item: dict[str, Any], topics: list[str], published: datetime, updated: datetime
) -> Version:
    markers = {tag: language for language, tag in source.language_tags.items()}
    marked = next((markers[topic] for topic in topics if topic in markers), "")
    return Version(
        language=marked or item.get("language") or source.language,
        external_id=fields.text(item, "id", longest=200),
        title=fields.text(item, "title"),
        html=fields.text(item, "html", longest=4_000_000),
        url=fields.url(item, "url"),
        topics=tuple(topic for topic in topics if topic and topic not in markers),
        published_at=published,
        updated_at=updated,
    )


def _ghost(source: Source) -> Polled:
    since = source.poll_state.get("since") or source.created_at.isoformat()
    moment = datetime.fromisoformat(since).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    query = urlencode({"filter": f"updated_at:>'{moment}'+status:published", "formats": "html", "include": "tags"})
    answer = fetching.fetch(
        f"{source.poll_url.rstrip('/')}/ghost/api/admin/posts/?{query}", headers=_ghost_headers(source)
    )
    found = _json(answer)
    if isinstance(found, str):
        return Polled(trouble=found)
    try:
        versions = [ghost.version(source, post) for post in found.get("posts", [])]
    except Malformed as malformed:
        return Polled(trouble=str(malformed))
    taken = _take(source, versions)
    if versions:
        source.poll_state = {"since": max(version.updated_at for version in versions).isoformat()}
    return Polled(taken=taken)


def _ghost_headers(source: Source) -> dict[str, str]:
    """An Admin API token: a JWT of five minutes (ghost.org/docs/admin-api, "Token authentication")."""
    if not source.api_key:
        return {}
    number, _, secret = vault.unseal(bytes(source.api_key), f"source:{source.slug}:api_key").partition(":")
    now = timezone.now()
    claims = {"iat": now, "exp": now + timedelta(minutes=5), "aud": "/admin/"}
    token = jwt.encode(claims, bytes.fromhex(secret), algorithm="HS256", headers={"kid": number})
    return {"Authorization": f"Ghost {token}", "Accept-Version": "v6.0"}


def _wordpress(source: Source) -> Polled:
    since = source.poll_state.get("since") or source.created_at.isoformat()
    query = urlencode({"modified_after": since, "_embed": "1", "per_page": "50", "orderby": "modified", "order": "asc"})
    found = _json(fetching.fetch(f"{source.base_url.rstrip('/')}/wp-json/wp/v2/posts?{query}"))
    if isinstance(found, str):
        return Polled(trouble=found)
    try:
        versions = [wordpress.version(source, post) for post in found]
    except Malformed as malformed:
        return Polled(trouble=str(malformed))
    taken = _take(source, versions)
    if versions:
        source.poll_state = {"since": max(version.updated_at for version in versions).isoformat()}
    return Polled(taken=taken)


def _json(answer: fetching.Fetched | fetching.Failed) -> Any:
    """What the API says, or in a string why it says nothing."""
    if isinstance(answer, fetching.Failed):
        return answer.reason
    if answer.status != 200:
        return f"the site answers {answer.status}"
    try:
        return json.loads(answer.body)
    except ValueError:
        return "the site does not answer in JSON"
