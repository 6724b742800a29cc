"""WordPress: a webhook (core sends none; plugins do, each in its own shape) is a hint, the REST API is the word."""

from typing import Any

from lxml import html as lxml_html

from dispatch.articles.incoming import Act, Incoming, Malformed, Version
from dispatch.articles.models import Source
from dispatch.articles.payloads import fields

REST = "/wp-json/wp/v2/posts/{id}?_embed"
GONE = {"trash", "draft", "private", "pending"}


def parse(source: Source, payload: dict[str, Any]) -> Incoming:
    """What the hint says: which post, and whether it is gone. Its text comes from the REST API. Raises Malformed."""
    post = fields.thing(payload, "post") or payload
    number = next((post[name] for name in ("ID", "id", "post_id") if name in post), payload.get("post_id"))
    if not str(number or "").isdigit():
        raise Malformed("post_id", "is missing; a hint needs the post's number")
    status = str(post.get("post_status") or post.get("status") or "publish")
    key = f"{source.slug}:{number}"
    if status in GONE:
        return Incoming(act=Act.WITHDRAW, event=f"post.{status}", story_key=key, external_id=str(number))
    return Incoming(act=Act.PUBLISH, event="post.hint", story_key=key, external_id=str(number))


def address(source: Source, number: str) -> str:
    """Where the REST API tells about a post."""
    return source.base_url.rstrip("/") + REST.format(id=number)


def version(source: Source, post: dict[str, Any]) -> Version:
    """A post as the REST API gives it with `_embed`. Raises Malformed."""
    embedded = fields.thing(post, "_embedded")
    media: Any = next(iter(embedded.get("wp:featuredmedia") or []), {})
    terms = [term for group in embedded.get("wp:term") or [] for term in group if isinstance(term, dict)]
    slugs = [str(term.get("slug", ""))[:80] for term in terms]
    published = fields.moment(post, "date_gmt")
    protected = bool(fields.thing(post, "content").get("protected"))
    return Version(
        language=_language(source, post, slugs),
        external_id=str(post.get("id", "")),
        title=_plain(fields.text(fields.thing(post, "title"), "rendered", at="title.")),
        html=fields.text(fields.thing(post, "content"), "rendered", at="content.", longest=4_000_000),
        summary=_plain(
            fields.text(fields.thing(post, "excerpt"), "rendered", at="excerpt.", longest=4000, required=False)
        ),
        url=fields.url(post, "link"),
        picture_url=fields.url(media, "source_url") if isinstance(media, dict) else "",
        picture_alt=fields.text(media, "alt_text", required=False, longest=1000) if isinstance(media, dict) else "",
        topics=tuple(slug for slug in slugs if slug not in source.language_tags.values()),
        updated_at=fields.moment(post, "modified_gmt", default=published),
        published_at=published,
        visibility="members" if protected else "public",
    )


def _language(source: Source, post: dict[str, Any], slugs: list[str]) -> str:
    said = post.get("lang")  # Polylang and WPML put it there
    if isinstance(said, str) and said:
        return said
    return next((language for language, tag in source.language_tags.items() if tag in slugs), source.language)


def _plain(rendered: str) -> str:
    return " ".join(str(lxml_html.fromstring(f"<div>{rendered}</div>").xpath("string()")).split()) if rendered else ""
