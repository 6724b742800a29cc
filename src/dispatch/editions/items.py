"""The numbers of a newsletter's stories: given as they come, and marked when the newsletter's own editions tell them."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dispatch.articles.models import Article
from dispatch.audience import rhythms
from dispatch.audience.models import Newsletter, Rhythm, Subscription
from dispatch.editions.models import Edition, Item


@transaction.atomic
def bring(newsletter: Newsletter, article: Article) -> None:
    """Number the article's story, once, and call those who get each article. A further language calls them again."""
    counted = rhythms.tally(
        newsletter.pk
    )  # also for a language: who is being seated just now must be called afterwards
    if not Item.objects.filter(newsletter=newsletter, story=article.story_id).exists():
        counted.stories += 1
        counted.save(update_fields=["stories"])
        Item.objects.create(
            newsletter=newsletter, story_id=article.story_id, number=counted.stories, arrived_at=timezone.now()
        )
    call(newsletter)


def call(newsletter: Newsletter) -> None:
    """Have those who get each article looked at now. Who is about to get a letter anyway is left alone."""
    each = Q(subscription__frequency=rhythms.EACH) if rhythms.EACH in newsletter.offers else Q(pk__in=[])
    if newsletter.cadence == rhythms.EACH:
        others = [choice for choice in newsletter.offers if choice != rhythms.EACH]
        each = ~Q(subscription__frequency__in=others)
    now = timezone.now()
    theirs = Rhythm.objects.filter(
        each, subscription__newsletter=newsletter, subscription__state=Subscription.State.ACTIVE
    )
    theirs.filter(Q(due_at=None) | Q(due_at__gt=now)).update(due_at=now)


def mark(edition: Edition) -> None:
    """A newsletter's own edition has its audience: its stories are told, in the languages of its variants.

    Within the transaction that froze the audience.
    """
    counted = rhythms.tally(edition.newsletter_id)
    counted.editions += 1
    counted.save(update_fields=["editions"])
    told = dict.fromkeys(edition.variants.values_list("language", flat=True), counted.editions)
    items = Item.objects.filter(newsletter=edition.newsletter_id, story__in=edition.stories.values("story"))
    for item in items:
        item.mailed = {**told, **item.mailed}
    Item.objects.bulk_update(items, ["mailed"])
