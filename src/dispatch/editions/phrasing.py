"""What editors write around an edition's stories, by language: subject, preheader, intro and outro.

Two editors cannot overwrite each other: whoever saves says which version they had before them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from dispatch.accounts.models import User
from dispatch.audience.models import Newsletter
from dispatch.editions.models import Edition, Phrasing

OPEN = (Edition.State.DRAFT, Edition.State.GATHERING, Edition.State.DUE, Edition.State.FAILED)
"""States in which an edition is not rendered yet, so that what it says may still change."""
LONGEST = 20_000
"""Characters of an intro or an outro; a longer one would be an article."""


@dataclass(frozen=True)
class Said:
    """As it will be said. An empty subject or preheader: what the template says."""

    subject: str = ""
    preheader: str = ""
    intro: str = ""  # Markdown
    outro: str = ""


def tidied(said: Said) -> Said:
    """As it is to be kept: lines end as on this side of the wire, and blank is empty."""
    lines, texts = (said.subject, said.preheader), (said.intro, said.outro)
    return Said(*(" ".join(one.split()) for one in lines), *(one.replace("\r\n", "\n").rstrip() for one in texts))


@dataclass(frozen=True)
class Saved:
    """It is written down; the next save builds upon this version."""

    version: int


@dataclass(frozen=True)
class Stale:
    """Somebody saved in between, and nothing was changed: this is what stands there now."""

    theirs: Said
    version: int
    by: str


@dataclass(frozen=True)
class Closed:
    """The edition is rendered: nothing of it changes any more."""


def of(edition: Edition, language: str) -> Said:
    """What stands around the stories in this language; the newsletter's own where no editor wrote any."""
    has_own = not (edition._state.adding or edition.is_own)  # noqa: SLF001 - Django's documented API
    row = Phrasing.objects.filter(edition=edition, language=language).first() if has_own else None
    return _said(row, edition.newsletter, language)


def versions(edition: Edition) -> Mapping[str, tuple[Said, int]]:
    """What stands there by language, with its version, for those who edit it."""
    rows = {row.language: row for row in Phrasing.objects.filter(edition=edition)}
    codes = edition.newsletter.languages
    return {
        code: (_said(row, edition.newsletter, code), row.version if row else 0)
        for code in codes
        for row in [rows.get(code)]
    }


@transaction.atomic
def save(edition_id: int, language: str, said: Said, version: int, by: User | None) -> Saved | Stale | Closed:
    """Write it down, if `version` is still the one that stands there. The same words again change nothing."""
    edition = Edition.objects.select_for_update(of=("self",)).select_related("newsletter").get(pk=edition_id)
    if edition.state not in OPEN or edition.is_own:
        return Closed()
    row = Phrasing.objects.filter(edition=edition, language=language).select_related("by").first()
    row = row or Phrasing(edition=edition, language=language)
    stands = _said(row, edition.newsletter, language)
    if stands == said:
        return Saved(row.version)
    if row.version != version:
        return Stale(stands, row.version, (row.by.name or row.by.email) if row.by else "")
    newsletter = edition.newsletter
    row.subject, row.preheader = said.subject, said.preheader
    row.intro = None if said.intro == newsletter.intros.get(language, "") else said.intro
    row.outro = None if said.outro == newsletter.outros.get(language, "") else said.outro
    row.version, row.by = version + 1, by
    row.save()
    return Saved(row.version)


def _said(row: Phrasing | None, newsletter: Newsletter, language: str) -> Said:
    intro, outro = newsletter.intros.get(language, ""), newsletter.outros.get(language, "")
    if row is None:
        return Said(intro=intro, outro=outro)
    return Said(
        row.subject,
        row.preheader,
        intro if row.intro is None else row.intro,
        outro if row.outro is None else row.outro,
    )
