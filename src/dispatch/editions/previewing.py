"""An edition as it would be rendered now, with the words and stories that it has. Nothing is stored, nothing is frozen."""

from dataclasses import replace

from django.db.models import F

from dispatch.editions import gathering, rendering, slots, wording
from dispatch.editions import letters as written
from dispatch.editions.models import Edition, Variant
from dispatch.editions.phrasing import OPEN
from dispatch.editions.rendering import Draft


def drafts(edition: Edition) -> list[Draft]:
    """Each language, open and discreet. Raises guarding.Unrenderable."""
    return rendering.drafts(edition) if edition.is_own else [*rendering.drafts(edition), *discreet(edition)]


def discreet(edition: Edition) -> list[Draft]:
    """Each language as readers with discreet letters would get these very stories. Raises guarding.Unrenderable."""
    contents = [replace(one, discreet=True) for one in gathering.contents(edition)]
    languages = [one.language for one in contents]
    return [rendering.in_words(rendering.draft, edition, one, languages) for one in contents]


def letters(edition: Edition) -> list[Draft | Variant]:
    """One of each language, open and discreet: what was frozen, or what would be now; nothing where the edition is over.

    Of the many that an edition for readers' own rhythms has, the one that tells most. Raises guarding.Unrenderable.
    """
    kinds = ("language", "discreet")
    frozen: list[Draft | Variant] = [
        *edition.variants.order_by(*kinds, F("telling__len").desc(nulls_last=True)).distinct(*kinds)
    ]
    made = drafts(edition) if not frozen and edition.state in {*OPEN, Edition.State.LATE} else []
    longest = {(one.language, one.discreet): one for one in sorted(made, key=lambda one: len(one.stories))}
    return frozen or list(longest.values())


def defaults(edition: Edition) -> dict[str, tuple[str, str]]:
    """Subject and preheader as templates say them where no editor does, by language. Raises guarding.Unrenderable."""
    contents = gathering.contents(edition)
    languages = [one.language for one in contents]
    return {one.language: rendering.in_words(_lines, edition, one, languages) for one in contents}


def _lines(edition: Edition, contents: gathering.Contents, languages: list[str]) -> tuple[str, str]:
    letter = replace(written.letter(edition, contents, languages, nonce=slots.new_nonce()), typed_preheader="")
    return rendering.template_subject(edition, contents, letter), wording.line(letter.preheader, 200)
