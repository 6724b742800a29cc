"""WordPress: a webhook (core sends none; plugins do, each in its own shape) is a hint, the REST API is the word.

Its field `dispatch` is deploy/wordpress/tell-dispatch.php's: the language and the translations as Polylang or WPML keep them.
"""

from typing import Any
from urllib.parse import unquote

from lxml import html as lxml_html

from dispatch.articles.incoming import Act, Incoming, Malformed, Version
from dispatch.articles.models import Source
from dispatch.articles.payloads import fields

REST = "/wp-json/wp/v2/posts/{id}?_embed"
NUMBERS = ("ID", "id", "post_id")
NO_TOPIC = "uncategorized"
"""The category of posts that are given none."""
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
    """A post as the REST API tells it; one behind a password is for nobody here. Raises Malformed."""
    if fields.thing(post, "content").get("protected"):
        return gone(source, str(post.get("id", "")))
    found = version(source, post)
    return Incoming(act=act, event="poll", story_key=_story(source, post), versions=(found,))


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
    slugs = [unquote(str(term.get("slug", "")))[:80] for term in terms]  # WordPress escapes all but ASCII
    published = fields.moment(post, "date_gmt")
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
        topics=tuple(slug for slug in slugs if slug not in {NO_TOPIC, *source.language_tags.values()}),
        updated_at=fields.moment(post, "modified_gmt", default=published),
        published_at=published,
    )


def _language(source: Source, post: dict[str, Any], slugs: list[str]) -> str:
    """As Polylang or WPML have it (Polylang Pro as `lang`, without our plugin), else as a tag or category says."""
    said = next(filter(_is_language, (fields.thing(post, "dispatch").get("language"), post.get("lang"))), "")
    marks = [said] if said else slugs
    return next((language for language, mark in source.language_tags.items() if mark in marks), said or source.language)


def _is_language(said: Any) -> bool:
    return isinstance(said, str) and len(said) <= 12 and bool(fields.LANGUAGE.fullmatch(said))


def _story(source: Source, post: dict[str, Any]) -> str:
    """Translations are one story, named by the lowest number of theirs: it stays the same as more of them come."""
    ours, pro = fields.thing(post, "dispatch").get("translations"), post.get("translations")
    told = ours if isinstance(ours, list) else list(pro.values()) if isinstance(pro, dict) else []
    numbers = [number for number in told if isinstance(number, int) and number > 0]
    return f"{source.slug}:{min([*numbers, int(post['id'])])}"


def _plain(rendered: str) -> str:
    return " ".join(str(lxml_html.fromstring(f"<div>{rendered}</div>").xpath("string()")).split()) if rendered else ""
