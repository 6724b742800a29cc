"""WordPress: a webhook (core sends none; plugins do, each in its own shape) is a hint, the REST API is the word."""

from typing import Any

from lxml import html as lxml_html

from dispatch.articles.incoming import Act, Incoming, Malformed, Version
from dispatch.articles.models import Source
from dispatch.articles.payloads import fields

REST = "/wp-json/wp/v2/posts/{id}?_embed"
NUMBERS = ("ID", "id", "post_id")
GONE = {"rest_post_invalid_id", "rest_forbidden"}
"""WordPress's own codes for a post that is deleted, or a draft, private or in the trash; a firewall answers otherwise."""


def parse(source: Source, payload: dict[str, Any]) -> Incoming:
    """What the hint says: which post. What happened to it, the REST API is asked. Raises Malformed."""
    post = fields.thing(payload, "post") or payload
    number = str(next((post[name] for name in NUMBERS if post.get(name)), payload.get("post_id") or ""))
    if not (number.isascii() and number.isdigit() and len(number) <= 20):
        raise Malformed("post_id", "is missing; a hint needs the post's number")
    return Incoming(act=Act.LOOK, event="post.hint", story_key=f"{source.slug}:{number}", external_id=number)


def told(source: Source, post: dict[str, Any], act: Act = Act.REVISE) -> Incoming:
    """A post as the REST API tells it. Raises Malformed."""
    found = version(source, post)
    return Incoming(act=act, event="poll", story_key=f"{source.slug}:{found.external_id}", versions=(found,))


def gone(source: Source, number: str) -> Incoming:
    """A post that the REST API shows nobody any more."""
    return Incoming(act=Act.WITHDRAW, event="poll", story_key=f"{source.slug}:{number}", external_id=number)


def address(source: Source, number: str) -> str:
    """Where the REST API tells about a post."""
    return (source.base_url or source.poll_url).rstrip("/") + REST.format(id=number)


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
