"""Taking an article in: one transaction that keeps what Dispatch may keep, and asks for a plan once it is committed."""

import hashlib
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from dispatch import queue
from dispatch.articles import cleaning
from dispatch.articles.incoming import Act, Incoming, Version
from dispatch.articles.models import Article, Revision, Source, Story, WebhookDelivery

RANK = ("ignored", "unchanged", "older", "revised", "withdrawn", "published")


@dataclass(frozen=True)
class Accepted:
    """What was done, in a word of RANK or "repeated", and why where that is not plain."""

    did: str
    why: str = ""


def accept(source: Source, delivery_id: str, body: bytes, incoming: Incoming) -> Accepted:
    """Store what a webhook says. The same delivery again does nothing."""
    with transaction.atomic():
        delivery, fresh = WebhookDelivery.objects.get_or_create(
            source=source,
            delivery_id=delivery_id,
            defaults={"body_hash": hashlib.sha256(body).digest(), "event": incoming.event[:60], "did": "ignored"},
        )
        if not fresh:
            return Accepted("repeated", "this delivery was taken before")
        accepted = take(source, incoming)
        if accepted.did != delivery.did:
            WebhookDelivery.objects.filter(pk=delivery.pk).update(did=accepted.did)
    return accepted


def take(source: Source, incoming: Incoming) -> Accepted:
    """Store what a source says, however it was learned. Runs in the caller's transaction, or one of its own."""
    with transaction.atomic():
        if incoming.act is Act.IGNORE:
            return Accepted("ignored", incoming.why)
        _one_at_a_time(incoming.story_key)
        if incoming.act is Act.WITHDRAW:
            return _withdraw(source, incoming)
        story, _ = Story.objects.get_or_create(key=incoming.story_key)
        done = [_take_version(source, story, version, incoming.act) for version in incoming.versions]
    return max(done, key=lambda accepted: RANK.index(accepted.did))


def _one_at_a_time(story_key: str) -> None:
    """Two webhooks about one story wait for each other; others don't."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [story_key])


def _withdraw(source: Source, incoming: Incoming) -> Accepted:
    same = Q(external_id=incoming.external_id)
    if incoming.external_id.endswith("/"):  # the whole story, in every language
        same = Q(external_id__startswith=incoming.external_id)
    articles = Article.objects.filter(same, source=source, state=Article.State.PUBLISHED)
    numbers = list(articles.values_list("pk", flat=True))
    if not numbers:
        return Accepted("unchanged", "nothing of it is published here")
    Article.objects.filter(pk__in=numbers).update(
        state=Article.State.WITHDRAWN, withdrawn_at=timezone.now(), planned_at=None
    )
    for number in numbers:
        queue.enqueue("articles.plan_article", number)
    return Accepted("withdrawn")


def _take_version(source: Source, story: Story, version: Version, act: Act) -> Accepted:
    article = _find(source, story, version)
    if article is None:
        if act is Act.REVISE and not source.created_at < version.published_at:
            return Accepted("ignored", "an edit of something published before this source was added")
        article = _new(source, story, version)
        return _revise(article, version, number=1, did="published")
    current = article.current
    assert current is not None
    if version.updated_at < current.updated_at:
        return Accepted("older", "a newer revision is here already")
    back = article.state == Article.State.WITHDRAWN
    if not back and bytes(current.hash) == _hash(version, article):
        return Accepted("unchanged", "it says what it said before")
    return _revise(article, version, number=current.number + 1, did="published" if back else "revised")


def _find(source: Source, story: Story, version: Version) -> Article | None:
    """By the source's own id, else by its address: a feed and a webhook name the same article differently."""
    same = Q(external_id=version.external_id)
    if version.url:
        same |= Q(url=version.url)
    mine = Article.objects.select_related("current").filter(language=version.language)
    return mine.filter(same, source=source).first() or mine.filter(story=story).first()


def _new(source: Source, story: Story, version: Version) -> Article:
    return Article.objects.create(
        story=story,
        source=source,
        language=version.language,
        external_id=version.external_id,
        published_at=version.published_at,
    )


def _revise(article: Article, version: Version, *, number: int, did: str) -> Accepted:
    html = cleaning.clean(version.html, base=version.url or article.source.base_url)
    article.url = version.url
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
    article.save()
    queue.enqueue("articles.plan_article", article.pk)
    return Accepted(did)


def _hash(version: Version, article: Article) -> bytes:
    """Of all that a reader would see; of the HTML as it came, so that cleaning need not run to find nothing new."""
    seen = (version.title, version.summary, version.html, version.picture_url, version.picture_alt, version.url)
    said = "\0".join([*seen, *version.topics, version.visibility, article.language])
    return hashlib.sha256(said.encode()).digest()
