"""What an attempt says: frozen with it, so that a repeat says the same, whatever became of the post or its article since."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.utils import timezone

from dispatch.social import preferences
from dispatch.social.models import Attempt, Post
from dispatch.social.networks.base import Draft, Picture


def freeze(post: Post, *, has_pictures: bool = True) -> dict[str, Any]:
    """All that is said, as JSON. Whoever knows that it shows no pictures spares asking."""
    current = post.article.current
    shown = post.media.select_related("media").defer("media__content") if has_pictures else ()
    return {
        "text": post.text,
        "link": post.link,
        "language": post.language,
        "content_warning": post.content_warning,
        "settings": preferences.of_post(post),
        "revision": current.pk if current else 0,  # what it was made of
        "title": current.title if current else "",
        "summary": current.summary if current else "",
        "picture_url": current.picture_url if current else "",
        "media": [_frozen(one) for one in shown],
        "reply_to": post.follows.remote_id if post.follows else "",
        "created_at": timezone.now().isoformat(),
    }


def key(post: Post, frozen: dict[str, Any]) -> str:
    """The same for each attempt that says the same; other words, pictures or another turn are another post to the network."""
    said = {name: frozen[name] for name in ("text", "content_warning", "media", "reply_to")}
    what = json.dumps([post.channel_id, post.story_id, post.turn, post.place, said], sort_keys=True)
    return hashlib.sha256(what.encode()).hexdigest()[:40]


def draft(attempt: Attempt) -> Draft:
    """What an attempt says, its pictures described but not drawn."""
    return _draft(attempt.frozen, key=attempt.key, prepared=attempt.prepared or {})


def as_it_stands(post: Post) -> Draft:
    """What an attempt would say now, to be checked; a further part replies to one that may have no name yet."""
    frozen = freeze(post)
    if post.follows and not frozen["reply_to"]:
        frozen["reply_to"] = f"post:{post.follows_id}"
    return _draft(frozen, key=key(post, frozen))


def _draft(frozen: dict[str, Any], **more: Any) -> Draft:
    told = ("text", "link", "language", "title", "summary", "content_warning", "reply_to", "settings")
    return Draft(
        **{name: frozen[name] for name in told},
        created_at=datetime.fromisoformat(frozen["created_at"]),
        media=tuple(Picture(**one["shown"]) for one in frozen["media"]),
        **more,
    )


def _frozen(shown: Any) -> dict[str, Any]:
    """`shown` describes the picture as it was brought; `media` and `focus` say how to draw it."""
    picture = shown.media
    described = {"kind": picture.kind, "width": picture.width, "height": picture.height, "alt": shown.alt}
    return {"media": picture.pk, "focus": [shown.focus_x, shown.focus_y], "shown": described}
