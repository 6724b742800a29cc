"""Taking a due post for one worker: the claim, the attempt, and what is said, the same whenever it is said again."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from dispatch.articles.models import Article, Revision
from dispatch.social import freezing, statements
from dispatch.social.models import Attempt, Channel, Post

KEEPS = timedelta(hours=20)
"""For how long a network keeps what was put there and not published yet: Mastodon, X and Instagram say a day."""
POST = (
    "id", "channel_id", "story_id", "article_id", "turn", "place", "follows_id", "text", "link", "language",
    "content_warning", "settings", "state", "due_at", "placed", "again_id", "attempts_made", "token",
)  # fmt: skip
ATTEMPT = ("id", "number", "started_at")
CHANNEL = (
    "id", "slug", "name", "network", "server", "account", "credentials", "limits", "settings", "zone", "quiet_from",
    "quiet_to",
)  # fmt: skip
ARTICLE, REVISION, BEFORE = ("id", "state"), ("id", "title", "summary", "picture_url"), ("id", "remote_id")
"""The columns of claim.sql, in its order and, within a table, in that of the model, as Django wants them; then whether the
post shows pictures."""


def claim(post_id: int, *, others: int = 0, busy: Collection[int] = ()) -> list[tuple[Post, Attempt]]:
    """This post where it may leave, and of `others` that are due the longest those that may, with their attempts: one of a
    channel, and none of the channels that are busy."""
    values = {"post": post_id, "others": others, "busy": list(busy), **statements.patience()}
    return [_taken(row) for row in statements.prepared("claim", **values)]


def _taken(row: tuple[Any, ...]) -> tuple[Post, Attempt]:
    left = list(row)
    post, attempt = _made(Post, POST, left), _made(Attempt, ATTEMPT, left)
    post.channel, post.article = _made(Channel, CHANNEL, left), _made(Article, ARTICLE, left)
    revision, before = _made(Revision, REVISION, left), _made(Post, BEFORE, left)
    post.article.current = revision if revision.pk else None
    post.follows = before if before.pk else None
    attempt.post, attempt.prepared = post, None
    _freeze(post, attempt, has_pictures=left.pop())
    return post, attempt


def _made(kind: Any, names: tuple[str, ...], left: list[Any]) -> Any:
    """A row of that table with these columns, the first of those that are left; others are asked for when they are wanted."""
    values, left[: len(names)] = left[: len(names)], []
    return kind.from_db("default", names, values)


def _freeze(post: Post, attempt: Attempt, *, has_pictures: bool) -> None:
    """A repeat of the same keeps everything that was frozen with it, and what is at the network already."""
    attempt.frozen = freezing.freeze(post, has_pictures=has_pictures)
    attempt.key = freezing.key(post, attempt.frozen)
    if attempt.number == 1:
        return
    before = post.attempts.filter(number__lt=attempt.number, key=attempt.key).order_by("number")
    earlier = list(before)
    if earlier:
        attempt.frozen = earlier[0].frozen
    still_there = (one for one in reversed(earlier) if one.started_at > attempt.started_at - KEEPS)
    kept = (one.prepared for one in still_there if one.outcome != "refused" and one.prepared is not None)
    attempt.prepared = next(kept, None)
