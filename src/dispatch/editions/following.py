"""Readers with a rhythm of their own whose letter brings what a digest brought get it in that digest's order and words.

Where their letter brings anything else, an order would be another one and an intro might speak of what they do not get.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dispatch.editions import departures, phrasing
from dispatch.editions.gathering import Told
from dispatch.editions.models import OWN, Edition


@dataclass(frozen=True)
class Digest:
    """How a digest was arranged."""

    places: Mapping[int, int]  # by story, from 1; 0: not placed
    said: Mapping[str, phrasing.Said]  # by language

    def ordered(self, stories: Iterable[Told]) -> list[Told]:
        """As the digest tells them."""
        return sorted(stories, key=lambda told: self.places[told.article.story_id] or math.inf)


def digests(edition: Edition) -> dict[frozenset[int], Digest]:
    """Of the newsletter's digests that came due while their stories are news, by what they bring; the latest of each."""
    moment = edition.due_at
    recent = Edition.objects.filter(
        newsletter=edition.newsletter_id, due_at__lte=moment, due_at__gt=moment - departures.FRESH
    )
    found: dict[frozenset[int], Digest] = {}
    for digest in recent.exclude(slot__startswith=OWN).order_by("due_at").prefetch_related("stories"):
        if digest.is_of_a_story:
            continue
        digest.newsletter = edition.newsletter
        places = {row.story_id: row.position for row in digest.stories.all()}
        said = {code: words for code, (words, _) in phrasing.versions(digest).items()}
        found[frozenset(places)] = Digest(places, said)
    return found
