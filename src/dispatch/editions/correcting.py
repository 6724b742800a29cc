"""A correction: a letter about a story to those who were told it wrongly, and to nobody else."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from dispatch import queue
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.articles.models import Article, Revision
from dispatch.audience.models import Newsletter
from dispatch.editions import gathering, phrasing
from dispatch.editions.gathering import Contents
from dispatch.editions.models import CORRECTION, Correction, Edition, Phrasing, Variant

State = Edition.State


@transaction.atomic
def begin(newsletter: Newsletter, story_id: int, by: User) -> Correction | None:
    """A draft, or the one that is being written already. None: the newsletter told nothing of that story.

    Wrong is what was told and stands no more; where nothing has changed in the meantime, whatever was told."""
    Newsletter.objects.select_for_update().get(pk=newsletter.pk)
    found = Correction.objects.filter(edition__newsletter=newsletter, story=story_id)
    if draft := found.filter(edition__state=State.DRAFT).first():
        return draft
    told = _told(newsletter, story_id)
    mistaken = [one for one in told if one.pk != one.article.current_id or _is_gone(one.article)] or told
    if not mistaken:
        return None
    edition = Edition.objects.create(
        newsletter=newsletter,
        slot=f"{CORRECTION}{story_id}/{found.count() + 1}",
        state=State.DRAFT,
        due_at=timezone.now(),
        is_urgent=True,
    )
    correction = Correction.objects.create(edition=edition, story_id=story_id)
    correction.mistaken.set(mistaken)
    Phrasing.objects.bulk_create(
        Phrasing(edition=edition, language=code, intro="", outro="") for code in languages(correction)
    )
    audit.record(by, "edition.correct", f"edition:{edition.pk}", f"story {story_id}")
    return correction


def wordless(correction: Correction) -> list[str]:
    """The languages in which it was told wrongly and the correction says nothing (yet)."""
    edition = correction.edition
    return [code for code in languages(correction) if not phrasing.of(edition, code).intro.strip()]


def send(correction: Correction, by: User, reason: str) -> bool:
    """Have it rendered and sent, once. False: it is no draft any more."""
    now = timezone.now()
    with transaction.atomic():
        draft = Edition.objects.filter(pk=correction.edition_id, state=State.DRAFT)
        moved = draft.update(state=State.DUE, due_at=now, rung_at=now)
        if moved:
            audit.record(by, "edition.send_now", f"edition:{correction.edition_id}", reason)
            queue.enqueue("editions.render_edition", correction.edition_id)
    return bool(moved)


def discard(correction: Correction, by: User, reason: str) -> bool:
    """Decide against a draft. False: it is none any more."""
    with transaction.atomic():
        gone = Edition.objects.filter(pk=correction.edition_id, state=State.DRAFT).delete()[0]
        if gone:
            audit.record(by, "edition.discard", f"edition:{correction.edition_id}", reason)
    return bool(gone)


def languages(correction: Correction) -> list[str]:
    """Those in which it was told wrongly, in the newsletter's order."""
    told = set(mistaken(correction).values_list("language", flat=True))
    order = correction.edition.newsletter.languages
    return sorted(told, key=lambda code: (order.index(code) if code in order else len(order), code))


def mistaken(correction: Correction) -> QuerySet[Variant]:
    """The letters that told it wrongly."""
    letters = Variant.objects.filter(edition__newsletter=correction.edition.newsletter_id)
    return letters.filter(revisions__in=correction.mistaken.values("pk")).distinct()


def contents(edition: Edition) -> list[Contents]:
    """One variant for each kind of letter that was wrong. The story stands below as it is now; in a discreet letter it does
    not, and where it was taken back."""
    correction = edition.correction
    kinds = set(mistaken(correction).values_list("language", "discreet"))
    stands = {"state": Article.State.PUBLISHED, "current__isnull": False}
    versions = {one.language: one for one in correction.story.articles.filter(**stands).select_related("current")}
    found = []
    wordless_in = wordless(correction)
    for language in [code for code in languages(correction) if code not in wordless_in]:
        chosen = [versions[code] for code in (language, *edition.newsletter.languages) if code in versions]
        told = tuple(gathering.told(article, article.published_at) for article in chosen[:1])
        found += [
            Contents(language, () if discreet else told, discreet=discreet)
            for discreet in (False, True)
            if (language, discreet) in kinds
        ]
    return found


def _told(newsletter: Newsletter, story_id: int) -> list[Revision]:
    letters = Variant.objects.filter(edition__newsletter=newsletter)
    theirs = Revision.objects.filter(article__story=story_id, pk__in=letters.values("revisions"))
    return list(theirs.select_related("article").order_by("pk"))


def _is_gone(article: Article) -> bool:
    return article.state == Article.State.WITHDRAWN
