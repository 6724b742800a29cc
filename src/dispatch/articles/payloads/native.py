"""Dispatch's own payload, for a CMS that can be taught (docs/webhooks.md has the schema)."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from dispatch.articles.incoming import Act, Incoming, Malformed, Version
from dispatch.articles.models import Article, Source
from dispatch.articles.payloads import fields

ACTS = {"article.published": Act.PUBLISH, "article.updated": Act.REVISE, "article.withdrawn": Act.WITHDRAW}


def parse(source: Source, payload: dict[str, Any]) -> Incoming:
    """Understand it. Raises Malformed."""
    event = fields.text(payload, "type", longest=60)
    if event not in ACTS:
        return Incoming(act=Act.IGNORE, event=event, why=f"{event} is none of {', '.join(ACTS)}")
    sent = fields.moment(payload, "timestamp", default=timezone.now())
    data = fields.thing(payload, "data")
    key = fields.text(data, "story", at="data.", longest=120)
    story_key = f"{source.slug}:{key}"
    if ACTS[event] is Act.WITHDRAW:
        told = data.get("updated_at") or payload.get("timestamp")
        at = fields.moment(data, "updated_at", at="data.", default=sent) if told else None
        return Incoming(act=Act.WITHDRAW, event=event, story_key=story_key, external_id=_withdrawn(data, key), at=at)
    embargo = fields.moment(data, "embargo_until", at="data.", default=sent) if data.get("embargo_until") else None
    versions = _versions(source, data, sent)
    return Incoming(act=ACTS[event], event=event, story_key=story_key, versions=versions, embargo_until=embargo)


def _withdrawn(data: dict[str, Any], key: str) -> str:
    language = fields.text(data, "language", at="data.", longest=12, required=False)
    return f"{key}/{language}" if language else f"{key}/"


def _versions(source: Source, data: dict[str, Any], sent: datetime) -> tuple[Version, ...]:
    translations = data.get("translations", [])
    if not isinstance(translations, list) or not all(isinstance(one, dict) for one in translations):
        raise Malformed("data.translations", "must be a list of objects")
    places = [(data, "data."), *((one, f"data.translations[{i}].") for i, one in enumerate(translations))]
    versions = tuple(_version(source, one, at, data, sent) for one, at in places)
    languages = [version.language for version in versions]
    if len(set(languages)) < len(languages):
        raise Malformed("data.translations", "the same language stands twice")
    return versions


def _version(source: Source, one: dict[str, Any], at: str, whole: dict[str, Any], sent: datetime) -> Version:
    """A translation says what differs; pictures, topics and moments are the whole article's unless it has its own."""
    language = fields.text(one, "language", at=at, longest=12, required=False) or source.language
    if not fields.LANGUAGE.fullmatch(language):
        raise Malformed(at + "language", "is not a language tag like en, be or ru")
    visibility = fields.text(one, "visibility", at=at, required=False) or "public"
    if visibility not in Article.Visibility:
        raise Malformed(at + "visibility", "is public, members or email_only")
    picture = fields.thing(one, "picture", at=at) or fields.thing(whole, "picture", at="data.")
    published = _moment("published_at", one, at, whole, sent)
    return Version(
        language=language,
        external_id=f"{whole['story'].strip()}/{language}",
        title=fields.text(one, "title", at=at),
        html=fields.text(one, "html", at=at, longest=4_000_000),
        summary=fields.text(one, "summary", at=at, longest=2000, required=False),
        url=fields.url(one, "url", at=at),
        picture_url=fields.url(picture, "url", at=at + "picture."),
        picture_alt=fields.text(picture, "alt", at=at + "picture.", longest=1000, required=False),
        topics=fields.words(one, "topics", at=at) or fields.words(whole, "topics", at="data."),
        published_at=published,
        updated_at=_moment("updated_at", one, at, whole, sent),
        visibility=visibility,
    )


def _moment(name: str, one: dict[str, Any], at: str, whole: dict[str, Any], sent: datetime) -> datetime:
    return fields.moment(one, name, at=at, default=fields.moment(whole, name, at="data.", default=sent))
