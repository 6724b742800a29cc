"""Taking an article in, however it was learned (a webhook, a poll, by hand) and in whatever order: one transaction that
keeps what Dispatch may keep. An article that changed has `planned_at` null; `tell` rings for it once that is committed."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Case, IntegerField, Q, Value, When
from django.utils import timezone

from dispatch import queue
from dispatch.articles import canonical, cleaning, embargo
from dispatch.articles.incoming import Act, Incoming, Version
from dispatch.articles.models import Article, Revision, Source, Story, Withdrawal

RANK = ("ignored", "unchanged", "older", "revised", "withdrawn", "published")
ONE_AT_A_TIME = (Path(__file__).parent / "sql" / "one_at_a_time.sql").read_text()


@dataclass(frozen=True)
class Accepted:
    """What was done, in a word of RANK, and why where that is not plain."""

    did: str
    why: str = ""
    changed: tuple[int, ...] = ()  # ids of articles that have to be planned: the caller sees to it
    doubtful: tuple[str, ...] = ()  # what the source alone knows, asked anew: see hints.doubt


def take(
    source: Source, incoming: Incoming, heard_at: datetime | None = None, *, asked_at: datetime | None = None
) -> Accepted:
    """Store what a source said, `heard_at` where that was before now. In the caller's transaction, or one of its own.

    `asked_at`: this is how things stood there when it was asked, at that moment; a webhook may tell of any moment before.
    """
    if incoming.act is Act.IGNORE:
        return Accepted("ignored", incoming.why)
    with transaction.atomic(savepoint=False):
        _wait_for_others(source, incoming)
        if incoming.act is Act.WITHDRAW:
            return _withdraw(source, incoming, heard_at or asked_at or timezone.now())
        done = [_take_version(source, incoming, version, asked_at) for version in incoming.versions]
        done += _place_embargo(incoming)
    best = max(done, key=lambda accepted: RANK.index(accepted.did))
    changed = tuple(number for accepted in done for number in accepted.changed)
    return Accepted(best.did, best.why, changed, tuple(name for accepted in done for name in accepted.doubtful))


def tell(accepted: Accepted) -> None:
    """Have what changed planned."""
    for number in accepted.changed:
        queue.enqueue("articles.plan_article", number)


def _wait_for_others(source: Source, incoming: Incoming) -> None:
    """Messages about one article are taken one after another; others do not wait."""
    names = {incoming.story_key, f"{source.pk} {incoming.external_id}"}
    for version in incoming.versions:
        names |= {f"{source.pk} {version.external_id}", canonical.canonical(version.url)}
    with connection.cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME, [sorted(names)])


def _place_embargo(incoming: Incoming) -> list[Accepted]:
    """What the source says of it; a message that says nothing leaves it as it is."""
    until = incoming.embargo_until
    story = Story.objects.filter(key=incoming.story_key).exclude(embargo_until=until).first() if until else None
    if story is None:
        return []
    Story.objects.filter(pk=story.pk).update(embargo_until=until)
    return [Accepted("revised", changed=tuple(embargo.plan_anew(story.pk)))]


def _withdraw(source: Source, incoming: Incoming, heard_at: datetime) -> Accepted:
    same = Q(external_id=incoming.external_id)
    if incoming.external_id.endswith("/"):  # the whole story, in every language
        same = Q(external_id__startswith=incoming.external_id)
    here = Article.objects.filter(same, source=source).select_related("current")
    said = {article.pk: article.current.updated_at for article in here if article.current}
    # By our clock, where the source does not tell its own: then nothing that is here is newer.
    moment = incoming.at or max([heard_at, *said.values()])
    _remember(source, incoming.external_id, moment)
    gone = [article for article in here if article.state == Article.State.PUBLISHED and said[article.pk] <= moment]
    if not gone:
        return Accepted("unchanged", "nothing of it is published here, or a newer revision is")
    for article in gone:
        Article.objects.filter(pk=article.pk).update(
            state=Article.State.WITHDRAWN, withdrawn_at=moment, planned_at=None
        )
    return Accepted("withdrawn", changed=tuple(article.pk for article in gone))


def _remember(source: Source, external_id: str, moment: datetime) -> None:
    """What was said before this moment and arrives later stays out, even of an article never seen here."""
    known, fresh = Withdrawal.objects.get_or_create(source=source, external_id=external_id, defaults={"at": moment})
    if not fresh:
        known.at = max(known.at, moment)
        known.save()  # and when it was heard last


def _take_version(source: Source, incoming: Incoming, version: Version, asked_at: datetime | None) -> Accepted:
    accepted = _take_as_told(source, incoming, version, asked_at)
    if incoming.act is Act.NOTICE or accepted.did in {"ignored", "older"}:
        return accepted
    # The source corrected its language: what it was taken for until now is not published any more.
    same = Article.objects.filter(source=source, external_id=version.external_id, state=Article.State.PUBLISHED)
    former = list(same.exclude(language=version.language).values_list("pk", flat=True))
    Article.objects.filter(pk__in=former).update(
        state=Article.State.WITHDRAWN, withdrawn_at=timezone.now(), planned_at=None
    )
    return replace(accepted, changed=(*former, *accepted.changed))


def _take_as_told(source: Source, incoming: Incoming, version: Version, asked_at: datetime | None) -> Accepted:
    article = _find(source, incoming, version)
    is_out = article is None or article.state == Article.State.WITHDRAWN
    if is_out and (kept_out := _kept_out(source, version, asked_at)):
        return kept_out
    if article is None:
        return _take_new(source, incoming, version)
    current = article.current
    assert current is not None
    if incoming.act is Act.NOTICE and article.external_id != version.external_id:
        return Accepted("unchanged", "it is here by its address, from better than a feed")
    if version.updated_at < current.updated_at:
        return Accepted("older", "a newer revision is here already")
    back = article.state == Article.State.WITHDRAWN
    if not back and bytes(current.hash) == _hash(version, article):
        return Accepted("unchanged", "it says what it said before")
    if article.source_id == source.pk:
        article.external_id = version.external_id  # what a feed found first may have had an id of the feed's
    return _revise(article, version, number=current.number + 1, did="published" if back else "revised")


def _take_new(source: Source, incoming: Incoming, version: Version) -> Accepted:
    added_at = source.created_at.replace(microsecond=0)  # CMSs count in seconds
    is_archive = incoming.act is not Act.PUBLISH and version.published_at < added_at
    if is_archive and not Article.objects.filter(source=source, external_id=version.external_id).exists():
        return Accepted("ignored", "it was published before this source was added")
    # No race here: whoever else speaks of this story waits.
    story = Story.objects.filter(key=incoming.story_key).first() or Story.objects.create(key=incoming.story_key)
    article = Article.objects.create(
        story=story,
        source=source,
        language=version.language,
        external_id=version.external_id,
        published_at=version.published_at,
    )
    return _revise(article, version, number=1, did="published")


def _find(source: Source, incoming: Incoming, version: Version) -> Article | None:
    """By the source's own id, else the story's version in that language, else its address: a feed has ids of its own."""
    language = Q(language=version.language)
    by_id = Q(source=source, external_id=version.external_id) & language
    by_story = Q(story_id=Story.objects.filter(key=incoming.story_key).values("pk")[:1]) & language
    address = canonical.canonical(version.url)
    by_address = Q(source=source, address=address) if address else Q(pk=None)
    if incoming.act is not Act.NOTICE:  # a feed may not know the language
        by_address &= language
    rank = Case(When(by_id, Value(0)), When(by_story, Value(1)), default=Value(2), output_field=IntegerField())
    found = Article.objects.filter(by_id | by_story | by_address).order_by(rank, "pk")
    return found.select_related("current", "source").first()


def _kept_out(source: Source, version: Version, asked_at: datetime | None) -> Accepted | None:
    """Why what was withdrawn stays so; None: it was not, or is back.

    CMSs count in seconds. Within one, a webhook cannot say whether it was written before the withdrawal or tells of a
    return, and a repeat of the first must bring nothing back; an answer to a question asked after the withdrawal can.
    """
    whole_story = version.external_id.rpartition("/")[0] + "/"
    names = [version.external_id, whole_story]
    found = list(Withdrawal.objects.filter(source=source, external_id__in=names, at__gte=version.updated_at))
    if any(one.at.replace(microsecond=0) > version.updated_at or version.updated_at.microsecond for one in found):
        return Accepted("older", "it was withdrawn after this was written")
    if all(asked_at is not None and one.received_at < asked_at for one in found):
        return None
    why = "it was withdrawn within the second in which this was written"
    return Accepted("older", why, doubtful=(version.external_id,))


def _revise(article: Article, version: Version, *, number: int, did: str) -> Accepted:
    html = cleaning.clean(version.html, base=version.url or article.source.base_url)
    article.url = version.url
    article.address = canonical.canonical(version.url)
    article.visibility = version.visibility
    article.current = Revision.objects.create(
        article=article,
        number=number,
        updated_at=version.updated_at,
        title=version.title,
        summary=version.summary,
        html=html,
        text=cleaning.text(html),
        picture_url=version.picture_url,
        picture_alt=version.picture_alt,
        topics=list(version.topics),
        hash=_hash(version, article),
    )
    article.state = Article.State.PUBLISHED
    article.withdrawn_at = article.planned_at = None
    article.save(force_update=True)
    return Accepted(did, changed=(article.pk,))


def _hash(version: Version, article: Article) -> bytes:
    """Of all that a reader would see; of the HTML as it came, so that cleaning need not run to find nothing new."""
    seen = (version.title, version.summary, version.html, version.picture_url, version.picture_alt, version.url)
    return _digest("\0".join([*seen, *version.topics, version.visibility, article.language]).encode())


def _digest(what: bytes) -> bytes:
    return hashlib.sha256(what).digest()
