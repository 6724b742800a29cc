"""The same words on the same channel within a week: readers notice, and networks take it for spam."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from dispatch.social.models import Post

WITHIN = timedelta(days=7)
ALIKE = 0.85
"""From which share of words in common on two texts say the same."""
LOOKED_AT = 2000
"""Posts at most; the newest of all channels."""
WORD = re.compile(r"\w+")
LINK = re.compile(r"https?://\S+", re.IGNORECASE)


@dataclass(frozen=True)
class Said:
    """A post of the last days and the words that it uses, however they are written."""

    post: Post
    words: frozenset[str]


Recent = Mapping[int, list[Said]]
"""By channel, the newest first."""


def recent(channels: Iterable[int]) -> Recent:
    """What these channels posted, or may have posted, within a week."""
    out = Q(state=Post.State.SENT, sent_at__gt=timezone.now() - WITHIN)
    maybe = Q(state__in=[Post.State.CLAIMED, Post.State.UNKNOWN])
    found: dict[int, list[Said]] = {}
    for post in Post.objects.filter(out | maybe, channel__in=list(channels)).order_by("-sent_at")[:LOOKED_AT]:
        found.setdefault(post.channel_id, []).append(Said(post, words(post.text)))
    return found


def of(post: Post, text: str, said: Recent) -> Post | None:
    """The newest other post of its channel that says nearly the same."""
    mine = words(text)
    others = (one for one in said.get(post.channel_id, []) if one.post.pk != post.pk)
    return next((one.post for one in others if _alike(mine, one.words)), None)


def words(text: str) -> frozenset[str]:
    """Without links, punctuation and capitals."""
    return frozenset(WORD.findall(LINK.sub(" ", text).casefold()))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one) and len(one & other) >= ALIKE * len(one | other)
