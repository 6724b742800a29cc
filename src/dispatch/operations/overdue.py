"""What people wait for and does not come: editions, articles that nobody planned, sends that stand still until somebody
decides, letters that readers asked for."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from dispatch import saying
from dispatch.articles import embargo
from dispatch.articles.models import Article
from dispatch.delivery import correspondence
from dispatch.delivery.models import Send
from dispatch.editions.models import Edition
from dispatch.operations.checks import Check

LATE = timedelta(minutes=10)
"""A letter that somebody waits for, with the page open."""
EDITION, ARTICLE = timedelta(minutes=15), timedelta(minutes=5)
"""Since an edition's moment, since an article arrived: as of the alerts DispatchEditionFailed and DispatchArticlesWait."""


def checks() -> Iterator[Check]:
    """A line each."""
    yield from editions()
    yield from articles()
    yield from held()
    yield from letters()


def editions() -> Iterator[Check]:
    """Whatever has its moment leaves."""
    state = Edition.State
    unsent = Q(state__in=[state.GATHERING, state.DUE]) | Q(state=state.RENDERED, enlisted_at=None)
    waits = unsent & Q(due_at__lt=timezone.now() - EDITION, newsletter__active=True)
    found = Edition.objects.aggregate(
        failed=Count("pk", filter=Q(state=state.FAILED)),
        late=Count("pk", filter=Q(state=state.LATE)),
        waits=Count("pk", filter=waits),
    )
    said = {
        "failed": "could not be rendered",
        "late": "not sent at its moment, waiting for somebody",
        "waits": "due, and no send of it began",
    }
    if any(found.values()):
        words = "; ".join(f"{saying.many(found[key], 'edition')} {words}" for key, words in said.items() if found[key])
        yield Check("Editions", "todo", f"{words}.", "The queue says why, under Renders.")
    else:
        yield Check("Editions", "ok", "None has failed or is late.")


def articles() -> Iterator[Check]:
    """What arrived is planned within moments."""
    long_ago = timezone.now() - ARTICLE
    waiting = Article.objects.filter(embargo.free(), planned_at=None, current__received_at__lt=long_ago)
    oldest = waiting.select_related("current").order_by("current__received_at").first()
    if oldest is not None and oldest.current is not None:
        words = f"{saying.many(waiting.count(), 'article')} arrived and nothing became of it yet"
        yield Check(
            "Articles",
            "todo",
            f"{words}, the oldest {saying.ago(oldest.current.received_at)}.",
            "Is a worker for articles there? Its log says what it failed at.",
        )
    else:
        yield Check("Articles", "ok", "All that arrived are planned.")


def held() -> Iterator[Check]:
    """Sends that go on only once somebody has decided; none where there are none."""
    paused = Send.objects.filter(state=Send.State.PAUSED, is_held=True).order_by("pk")
    for send in paused.select_related("edition__newsletter")[:5]:
        words = f"It paused by itself and waits for somebody. {send.trouble}"
        yield Check(
            f"Send {send.pk}", "todo", words, f"Look at the edition's page. Then: dispatch send resume {send.pk}"
        )
    asked = Send.objects.filter(state=Send.State.DRAFT, approval__agreed_at=None, approval__isnull=False)
    for send in asked.select_related("approval").order_by("pk")[:5]:
        words = f"It waits for a second person. {send.approval.why}"
        yield Check(f"Send {send.pk}", "todo", words, "Somebody else agrees on the edition's page, or ends it.")


def letters() -> Iterator[Check]:
    """Whoever asked for one has it within moments."""
    heaps = correspondence.heaps()
    failed = [heap for heap in heaps if heap.state in correspondence.OVER]
    waiting = [heap for heap in heaps if heap not in failed]
    age = max((timezone.now() - heap.oldest for heap in waiting), default=LATE)
    if age > LATE:
        count = sum(heap.count for heap in waiting)
        words = f"{saying.many(count, 'letter')} that readers asked for wait, the oldest for {saying.span(age)}."
        yield Check("Letters", "todo", words, "The queue says why. Is there a relay, and a worker for email?")
    elif failed:
        count = sum(heap.count for heap in failed)
        words = f"{saying.many(count, 'letter')} that readers asked for came to nothing within a day."
        yield Check("Letters", "todo", words, "The queue has the relay's replies.")
    else:
        yield Check("Letters", "ok", "Whoever asked for one has it.")
