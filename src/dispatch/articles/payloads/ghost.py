"""Ghost's webhooks (6.x): `{"event": "post.published", "post": {"current": …, "previous": …}}`.

Ghost sends each once, with a two second time-out and no id. The payload holds more than Dispatch may keep: text below the
paywall, authors' addresses, old revisions. Only what is named here is read.
"""

import re
from typing import Any

from dispatch.articles.incoming import Act, Incoming, Malformed, Version
from dispatch.articles.models import Article, Source
from dispatch.articles.payloads import fields

PAYWALL = "<!--members-only-->"
GATED = re.compile(r"<!--\s*kg-gated-block:begin\b(.*?)-->(.*?)(?:<!--\s*kg-gated-block:end\s*-->|\Z)", re.DOTALL)
"""A block that only some visitors of the site see; one without an end reaches to the text's."""
ANYBODY = re.compile(r"\bnonMember:[\"']?true\b")
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
SENT = {"published", "sent"}  # "sent" is what an email-only post becomes

ALL = {"all", "none", None, "status:free,status:-free"}
"""Segments of Ghost's members that leave nobody out ("none": it was never mailed from there)."""


def parse(source: Source, payload: dict[str, Any]) -> Incoming:
    """Understand it. Raises Malformed."""
    event = fields.text(payload, "event", longest=60, required=False)
    if not event and "post" not in payload:
        raise Malformed("event", "is missing, and there is no post either")
    if event and event not in ACTS:
        return Incoming(act=Act.IGNORE, event=event, why=_why_ignored(event))
    post = fields.thing(payload, "post")
    current = fields.thing(post, "current", at="post.")
    event = event or _guess(current)
    if ACTS.get(event) is Act.WITHDRAW:
        return _withdrawn(source, event, current or fields.thing(post, "previous", at="post."))
    if current.get("status") not in SENT:
        return Incoming(act=Act.IGNORE, event=event, why="the post is not published")
    return _told(source, ACTS[event], event, current)


def told(source: Source, post: dict[str, Any]) -> Incoming:
    """A post as Ghost's API tells it when asked. Raises Malformed."""
    if post.get("status", "published") in SENT:
        return _told(source, Act.REVISE, "poll", post)
    return _withdrawn(source, "poll", post)


def gone(source: Source, number: str) -> Incoming:
    """A post that Ghost's API has not any more."""
    return Incoming(act=Act.WITHDRAW, event="poll", story_key=f"{source.slug}:{number}", external_id=number)


def is_not_found(error: Any) -> bool:
    """Whether that is how Ghost's API says that there is no such post."""
    return isinstance(error, dict) and error.get("type") == "NotFoundError"


def _told(source: Source, act: Act, event: str, post: dict[str, Any]) -> Incoming:
    if post.get("email_only") and not _is_for_all(post):
        return Incoming(act=Act.IGNORE, event=event, why="it is mail for some of the site's members")
    found = version(source, post)
    return Incoming(act=act, event=event, story_key=_story(source, post, found.external_id), versions=(found,))


def _withdrawn(source: Source, event: str, post: dict[str, Any]) -> Incoming:
    number = fields.text(post, "id", at="post.current.", longest=60)
    # A deletion, which also says "unpublished", carries only what was before it: when it happened is now.
    at = fields.moment(post, "updated_at", at="post.current.") if post.get("status") == "draft" else None
    return Incoming(act=Act.WITHDRAW, event=event, story_key=f"{source.slug}:{number}", external_id=number, at=at)


def _why_ignored(event: str) -> str:
    if event.startswith("page."):
        return "pages are not sent to readers, posts are"
    return IGNORED.get(event, f"{event} concerns no reader")


def version(source: Source, post: dict[str, Any]) -> Version:
    """A post as webhook, Content API and Admin API alike give it. Raises Malformed."""
    at = "post.current."
    published = fields.moment(post, "published_at", at=at)
    visibility = _visibility(post)
    return Version(
        language=_language(source, post),
        external_id=fields.text(post, "id", at=at, longest=60),
        title=fields.text(post, "title", at=at),
        html=_open_part(post, visibility),
        summary=fields.text(post, "custom_excerpt", at=at, longest=2000, required=False),
        url=fields.url(post, "url", at=at),
        picture_url=fields.url(post, "feature_image", at=at),
        picture_alt=fields.text(post, "feature_image_alt", at=at, longest=1000, required=False),
        topics=_topics(source, post),
        updated_at=fields.moment(post, "updated_at", at=at, default=published),
        published_at=published,
        visibility=visibility,
    )


def _guess(current: dict[str, Any]) -> str:
    """Older Ghosts leave the event out."""
    return "post.published" if current.get("status") == "published" else "post.edited"


def _open_part(post: dict[str, Any], visibility: str) -> str:
    """What the site shows to somebody who has not signed in. A members' post without a paywall in it is theirs whole."""
    html = fields.text(post, "html", at="post.current.", longest=4_000_000, required=False)
    if not html and visibility != Article.Visibility.MEMBERS:
        raise Malformed("post.current.html", "is missing; ask Ghost for the html format")
    before, paywall, _ = html.partition(PAYWALL)
    is_cut = paywall or post.get("access") is False  # the Content API cuts by itself
    if visibility == Article.Visibility.MEMBERS and not is_cut:
        return ""
    return GATED.sub(lambda block: block[2] if ANYBODY.search(block[1]) else "", before)


def _is_for_all(post: dict[str, Any]) -> bool:
    """Of what is only mailed: whether all of Ghost's members get it."""
    return post.get("email_segment", "all") in ALL and post.get("visibility", "public") in {"public", "members"}


def _visibility(post: dict[str, Any]) -> str:
    if post.get("email_only"):
        return Article.Visibility.EMAIL_ONLY
    is_public = post.get("visibility", "public") == "public"
    return Article.Visibility.PUBLIC if is_public else Article.Visibility.MEMBERS


def _slugs(post: dict[str, Any]) -> list[str]:
    tags = post.get("tags")
    found = [tag for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else []
    return [fields.text(tag, "slug", at="post.current.tags.", required=False) for tag in found]


def _language(source: Source, post: dict[str, Any]) -> str:
    slugs = _slugs(post)
    return next((language for language, tag in source.language_tags.items() if tag in slugs), source.language)


def _topics(source: Source, post: dict[str, Any]) -> tuple[str, ...]:
    """Public tags; internal ones (`#be` is `hash-be`) are the newsroom's own signs."""
    signs = set(source.language_tags.values())
    return tuple(slug[:80] for slug in _slugs(post) if slug and slug not in signs and not slug.startswith("hash-"))


def _story(source: Source, post: dict[str, Any], number: str) -> str:
    """Posts of one event share an internal tag `#story-…`; Ghost has no translations of its own."""
    shared = next((slug for slug in _slugs(post) if slug.startswith("hash-story-")), "")
    return f"{source.slug}:{shared.removeprefix('hash-story-') or number}"[:200]
