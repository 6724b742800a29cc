"""Ghost's webhooks (6.x): `{"event": "post.published", "post": {"current": …, "previous": …}}`.

Ghost sends each once, with a two second time-out and no id. The payload holds more than Dispatch may keep: text below the
paywall, authors' addresses, old revisions. Only what is named here is read.
"""

from typing import Any

from dispatch.articles.incoming import Act, Incoming, Malformed, Version
from dispatch.articles.models import Article, Source
from dispatch.articles.payloads import fields

PAYWALL = "<!--members-only-->"
ACTS = {
    "post.published": Act.PUBLISH,
    "post.published.edited": Act.REVISE,
    "post.unpublished": Act.WITHDRAW,
    "post.deleted": Act.WITHDRAW,
}
IGNORED = {
    "post.added": "a draft was made",
    "post.edited": "an edit of a post that may be a draft; Ghost tells of published ones separately",
    "post.scheduled": "it will be published later; Ghost tells when",
    "post.unscheduled": "it will not be published for now",
    "post.rescheduled": "it will be published at another time; Ghost tells when",
}
VISIBILITY = {"public": Article.Visibility.PUBLIC}


def parse(source: Source, payload: dict[str, Any]) -> Incoming:
    """Understand it. Raises Malformed."""
    post = fields.thing(payload, "post")
    current = fields.thing(post, "current", at="post.")
    previous = fields.thing(post, "previous", at="post.")
    event = fields.text(payload, "event", longest=60, required=False) or _guess(current)
    act = ACTS.get(event)
    if act is None:
        return Incoming(act=Act.IGNORE, event=event, why=IGNORED.get(event, f"{event} concerns no reader"))
    number = fields.text(current or previous, "id", at="post.current.", longest=60)
    key = f"{source.slug}:{number}"
    if act is Act.WITHDRAW:
        return Incoming(act=act, event=event, story_key=key, external_id=number)
    if current.get("status") not in {"published", "sent", None}:
        return Incoming(act=Act.IGNORE, event=event, why="the post is not published")
    return Incoming(act=act, event=event, story_key=_story(source, current, key), versions=(version(source, current),))


def version(source: Source, post: dict[str, Any]) -> Version:
    """A post as webhook, Content API and Admin API alike give it. Raises Malformed."""
    at = "post.current."
    published = fields.moment(post, "published_at", at=at)
    html = fields.text(post, "html", at=at, longest=4_000_000, required=False)
    if not html:
        raise Malformed(at + "html", "is missing; ask Ghost for the html format")
    return Version(
        language=_language(source, post),
        external_id=fields.text(post, "id", at=at, longest=60),
        title=fields.text(post, "title", at=at),
        html=html.partition(PAYWALL)[0],
        summary=fields.text(post, "custom_excerpt", at=at, longest=2000, required=False),
        url=fields.url(post, "url", at=at),
        picture_url=fields.url(post, "feature_image", at=at),
        picture_alt=fields.text(post, "feature_image_alt", at=at, longest=1000, required=False),
        topics=_topics(source, post),
        updated_at=fields.moment(post, "updated_at", at=at, default=published),
        published_at=published,
        visibility=_visibility(post),
    )


def _guess(current: dict[str, Any]) -> str:
    """Older Ghosts leave the event out."""
    return "post.published" if current.get("status") == "published" else "post.edited"


def _visibility(post: dict[str, Any]) -> str:
    if post.get("email_only"):
        return Article.Visibility.EMAIL_ONLY
    return VISIBILITY.get(str(post.get("visibility", "public")), Article.Visibility.MEMBERS)


def _tags(post: dict[str, Any]) -> list[dict[str, Any]]:
    tags = post.get("tags") or []
    return [tag for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else []


def _language(source: Source, post: dict[str, Any]) -> str:
    slugs = {str(tag.get("slug")) for tag in _tags(post)}
    return next((language for language, tag in source.language_tags.items() if tag in slugs), source.language)


def _topics(source: Source, post: dict[str, Any]) -> tuple[str, ...]:
    markers = set(source.language_tags.values())
    slugs = [str(tag.get("slug", "")) for tag in _tags(post) if tag.get("visibility") != "internal"]
    return tuple(slug[:80] for slug in slugs if slug and slug not in markers and not slug.startswith("hash-"))


def _story(source: Source, post: dict[str, Any], key: str) -> str:
    """Posts of one event share an internal tag `#story-…`; Ghost has no translations of its own."""
    slugs = [str(tag.get("slug", "")) for tag in _tags(post)]
    shared = next((slug for slug in slugs if slug.startswith("hash-story-")), "")
    return f"{source.slug}:{shared.removeprefix('hash-story-')}" if shared else key
