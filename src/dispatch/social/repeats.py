"""The same words on the same channel within a week of each other: readers notice, and networks take it for spam."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models.functions import Coalesce
from django.utils import timezone

from dispatch.social.models import Post

WITHIN = timedelta(days=7)
ALIKE = 0.85
"""From which share of words in common on two texts say the same."""
SAYING = (*Post.WAITING, Post.State.CLAIMED, Post.State.SENT, Post.State.UNKNOWN, Post.State.LATE)
LOOKED_AT = 2000
"""Posts at most; the newest of all channels."""
WORD = re.compile(r"\w+")
LINK = re.compile(r"https?://\S+", re.IGNORECASE)


@dataclass(frozen=True)
class Said:
    """A post and the words that it uses, however they are written."""

    post: Post
    words: frozenset[str]
    at: datetime


Near = Mapping[int, list[Said]]
"""By channel."""


def near(channels: Iterable[int], moments: Iterable[datetime] = ()) -> Near:
    """What these channels posted, may have posted, or are to post within a week of any of these moments; none: of now."""
    now = timezone.now()
    around = [max(moment, now) for moment in moments] or [now]
    window = (min(around) - WITHIN, max(around) + WITHIN)
    posts = Post.objects.filter(channel__in=list(channels), state__in=SAYING)
    posts = posts.annotate(moment=Coalesce("sent_at", "due_at")).filter(moment__range=window)
    found: dict[int, list[Said]] = {}
    for post in posts.order_by("-moment")[:LOOKED_AT]:
        found.setdefault(post.channel_id, []).append(Said(post, words(post.text), when(post)))
    return found


def of(post: Post, text: str, said: Near) -> Post | None:
    """The other post of its channel that says nearly the same, the nearest to its own moment; further than a week is none."""
    mine, moment = words(text), when(post)
    others = (one for one in said.get(post.channel_id, []) if one.post.pk != post.pk)
    same = [one for one in others if abs(one.at - moment) <= WITHIN and are_alike(mine, one.words)]
    nearest = min(same, key=lambda one: abs(one.at - moment), default=None)
    return nearest.post if nearest else None


def beside(post: Post) -> Post | None:
    """The same, of a post as it stands."""
    return of(post, post.text, near([post.channel_id], [when(post)]))


def when(post: Post) -> datetime:
    """When it went out, or will at the earliest."""
    return post.sent_at or max(post.due_at, timezone.now())


def words(text: str) -> frozenset[str]:
    """Without links, punctuation and capitals."""
    return frozenset(WORD.findall(LINK.sub(" ", text).casefold()))


def are_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether these are words of texts that say nearly the same."""
    return bool(one) and len(one & other) >= ALIKE * len(one | other)
