"""Which newsletters bring an article, and when. Every act may be doubled, late or concurrent: the constraints of
`models.py` decide, and an edition's row is locked before its state is judged."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from dispatch import queue, timetable
from dispatch.articles import aging, embargo
from dispatch.articles.models import Article
from dispatch.audience import rhythms
from dispatch.audience.models import Newsletter
from dispatch.editions import items, rendering
from dispatch.editions.models import OWN, Barred, Edition, EditionStory, Variant

State = Edition.State


def plan(article: Article) -> None:
    """Put a published article into each active newsletter of its language and topics that has not brought its story.

    A revision of what is already waiting needs nothing: an edition says what is current when it is rendered. A story that is
    no news any more is put nowhere by itself: an editor may pick it.

    A story under embargo is put nowhere, and taken out of what has not been rendered, but for where an editor picked it for a
    moment when that is over; then it is planned again.
    """
    if article.current is None or article.state != Article.State.PUBLISHED:
        return
    if embargo.holds(article.story):
        _take_out(article.story_id, unless_after=article.story.embargo_until)
        return
    if aging.is_old(article):
        return
    for newsletter in _newsletters_for(article):
        items.bring(newsletter, article)
        with transaction.atomic():
            if newsletter.cadence == Newsletter.Cadence.EACH:
                _mail_now(newsletter, article)
            else:
                _gather(newsletter, article)


def withdraw(article: Article) -> None:
    """Take a story out of what has not been rendered, once its last published version is gone."""
    if not Article.objects.filter(story=article.story_id, state=Article.State.PUBLISHED).exists():
        _take_out(article.story_id)


def _take_out(story: int, unless_after: datetime | None = None) -> None:
    waiting = Edition.objects.filter(stories__story=story, state__in=[State.GATHERING, State.DUE, State.LATE])
    with transaction.atomic():
        for edition in Edition.objects.filter(id__in=waiting.values("id")).select_for_update().order_by("id"):
            is_late_digest = edition.state == State.LATE and not edition.is_of_a_story
            if edition.state == State.GATHERING or is_late_digest:
                may_stay = unless_after is not None and edition.due_at >= unless_after
                edition.stories.filter(story=story, **({"is_picked": False} if may_stay else {})).delete()
            elif edition.state in {State.DUE, State.LATE} and edition.is_of_a_story:
                edition.state = State.WITHDRAWN
                edition.save(update_fields=["state"])


@transaction.atomic
def send_now(edition_id: int) -> bool:
    """Let a gathering digest leave before its slot, for all who keep to it. False: it is not gathering any more."""
    now = timezone.now()
    waiting = Edition.objects.filter(id=edition_id, state=State.GATHERING)
    moved = waiting.update(state=State.DUE, due_at=now, rung_at=now)
    if moved:
        rhythms.bring_forward(Newsletter.objects.get(editions=edition_id), now)
        queue.enqueue("editions.render_edition", edition_id)
    return bool(moved)


def try_again(edition_id: int) -> bool:
    """Have a failed edition rendered anew, after what it lacked was mended. False: it has not failed."""
    failed = Edition.objects.filter(id=edition_id, state=State.FAILED)
    moved = failed.update(state=State.DUE, attempts=0, trouble="", rung_at=timezone.now())
    if moved:
        queue.enqueue("editions.render_edition", edition_id)
    return bool(moved)


def give_up(edition_id: int) -> bool:
    """Let a failed edition be: nobody gets it. False: it has not failed, or is for readers' own rhythms, whom the next one
    owes what this one lacked."""
    failed = Edition.objects.filter(id=edition_id, state=State.FAILED).exclude(slot__startswith=OWN)
    return bool(failed.update(state=State.WITHDRAWN, trouble="It could not be rendered, and was given up."))


def leave_again(edition: Edition, now: datetime) -> None:
    """Have a failed edition for readers' own rhythms rendered anew, for all whose moment has come by now.

    One attempt: if that ends the worker, too, it has failed again.
    """
    edition.state, edition.due_at, edition.rung_at, edition.attempts = State.DUE, now, now, rendering.PATIENCE - 1
    edition.save(update_fields=["state", "due_at", "rung_at", "attempts"])
    queue.enqueue("editions.render_edition", edition.pk)


def _newsletters_for(article: Article) -> list[Newsletter]:
    assert article.current
    topics = {topic.casefold() for topic in article.current.topics}
    barred = Barred.objects.filter(story=article.story_id).values("newsletter")
    speaking = Newsletter.objects.filter(active=True, languages__contains=[article.language]).order_by("id")
    speaking = speaking.exclude(pk__in=barred)
    return [one for one in speaking if not one.topics or topics & {topic.casefold() for topic in one.topics}]


def _mail_now(newsletter: Newsletter, article: Article) -> None:
    """The story's edition; when that has gone without this language, a further one for readers it did not serve."""
    slot = f"story:{article.story_id}"
    brought = EditionStory.objects.filter(newsletter=newsletter, story=article.story_id, is_further=False)
    if brought.exclude(edition__slot=slot).exists():
        return
    edition = _locked(newsletter, slot, State.DUE, timezone.now())
    if edition.state != State.RENDERED:
        _add(edition, article)
        _ring(edition)
        return
    told = Variant.objects.filter(edition__newsletter=newsletter, edition__stories__story=article.story_id)
    if not told.exclude(edition__slot__startswith=OWN).filter(language=article.language).exists():
        further = _locked(newsletter, f"{slot}/{article.language}", State.DUE, timezone.now())
        _add(further, article, is_further=True)
        _ring(further)


def _gather(newsletter: Newsletter, article: Article) -> None:
    """The digest of the next departure, or the one after where that was closed a moment ago.

    A language that came too late for its story's digest is gathered again, for readers of that language alone.
    """
    brought = Edition.objects.filter(newsletter=newsletter, stories__story=article.story_id)
    earlier = list(brought.exclude(slot__startswith=OWN).select_for_update(of=("self",)).order_by("id"))
    if any(edition.state in {State.GATHERING, State.DUE, State.FAILED, State.LATE} for edition in earlier):
        return
    if Variant.objects.filter(edition__in=earlier, language=article.language).exists():
        return
    _add(gathering_after(newsletter, timezone.now()), article, is_further=bool(earlier))


def gathering_after(newsletter: Newsletter, after: datetime, besides: int | None = None) -> Edition:
    """The digest of the next departure that still gathers, and is not `besides`, locked; made where there is none yet.

    Within a transaction.
    """
    weekday = newsletter.weekday if newsletter.cadence == Newsletter.Cadence.WEEKLY else None
    while True:
        departure = timetable.next_departure(after, newsletter.at, newsletter.zone, weekday=weekday)
        edition = _locked(newsletter, departure.day.isoformat(), State.GATHERING, departure.at)
        if edition.state == State.GATHERING and edition.pk != besides:
            return edition
        after = departure.at


def _locked(newsletter: Newsletter, slot: str, state: State, due_at: datetime) -> Edition:
    """The slot's edition, made where there is none, locked until the transaction ends."""
    fresh = Edition(newsletter=newsletter, slot=slot, state=state, due_at=due_at)
    Edition.objects.bulk_create([fresh], ignore_conflicts=True)
    return Edition.objects.select_for_update().get(newsletter=newsletter, slot=slot)


def _add(edition: Edition, article: Article, *, is_further: bool = False) -> None:
    row = EditionStory(
        edition=edition, newsletter_id=edition.newsletter_id, story_id=article.story_id, is_further=is_further
    )
    EditionStory.objects.bulk_create([row], ignore_conflicts=True)


def _ring(edition: Edition) -> None:
    """Have it rendered. One that failed or was withdrawn has been mailed to nobody, and gets a new chance."""
    if edition.state in {State.RENDERED, State.EMPTY}:
        return
    edition.state, edition.attempts, edition.trouble = State.DUE, 0, ""
    edition.rung_at = timezone.now()
    edition.save(update_fields=["state", "attempts", "trouble", "rung_at"])
    queue.enqueue("editions.render_edition", edition.id)
