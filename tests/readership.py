"""A newsletter and three readers whose letters leave when their own clocks say, for tests of who is told what."""

import itertools
import secrets
from collections import Counter
from datetime import timedelta

from django.utils import timezone

from dispatch import vault
from dispatch.articles.models import Article, Revision, Source, Story
from dispatch.audience import preferences
from dispatch.audience.forms import Choice
from dispatch.audience.models import Newsletter, Rhythm, Subscriber, Subscription
from dispatch.audience.rhythms import Wishes
from dispatch.delivery import acts, closing, ledger
from dispatch.delivery.models import Chunk, DeliveryException, Send
from dispatch.editions import planning, rendering, ticks
from dispatch.editions.models import Edition

LANGUAGES = ["en", "be", "ru"]
SPOKEN = {"alice": ("en", ""), "bob": ("ru", "be"), "charlie": ("be", "en")}  # the second where the first is not there


class Newsroom:
    """A newsletter, its three readers, and what each of them was told, by the ledger."""

    def __init__(self, cadence="daily", patience=0):
        self.source = Source.objects.create(slug=f"desk-{secrets.token_hex(4)}", kind="desk")
        self.newsletter = Newsletter.objects.create(
            slug=secrets.token_hex(4), names={"en": "Office"}, languages=LANGUAGES, topics=[], cadence=cadence,
            offers=["each", "daily", "weekly"], patience=patience, from_name="O", from_address="news@example.org",
        )  # fmt: skip
        self.cast = {name: self.join(name) for name in SPOKEN}
        ticks.settle()  # as signing up and bringing a list do: a rhythm from the first moment
        self.stories = []

    def join(self, name):
        index = vault.blind_index(f"{name}-{self.newsletter.slug}@example.org")
        reader = Subscriber.objects.create(address=b"", address_index=index)
        Subscription.objects.create(
            subscriber=reader, newsletter=self.newsletter, language=SPOKEN[name][0], second_language=SPOKEN[name][1],
            handle=secrets.token_bytes(8), consented_at=timezone.now(),
        )  # fmt: skip
        return reader

    def publish(self, language, topic, title="A story"):
        self.stories.append(Story.objects.create(key=secrets.token_hex(8)))
        self.tell(self.stories[-1], language, topic, title)

    def translate(self, which, language):
        if which < len(self.stories):
            self.tell(self.stories[which], language, "Rights")

    def tell(self, story, language, topic, title="A story"):
        if Article.objects.filter(story=story, language=language).exists():
            return
        now = timezone.now()
        article = Article.objects.create(
            story=story, language=language, source=self.source, external_id=secrets.token_hex(8), published_at=now
        )
        article.current = Revision.objects.create(
            article=article, number=1, updated_at=now, title=title, html="<p>B.</p>", text="B.", topics=[topic],
            hash=b"",
        )  # fmt: skip
        article.save()
        planning.plan(article)

    def wish(self, name, wished):
        """`frequency`, and what Wishes holds; topics and weeks of pause, where a test wants them."""
        given = dict(wished)
        choice = Choice(self.newsletter, True, *SPOKEN[name], given.pop("topics", ()), given.pop("frequency", ""))
        reader, weeks = Subscriber.objects.get(pk=self.cast[name].pk), given.pop("weeks", None)
        preferences.save(reader, [choice], "", weeks, Wishes(**given))

    def pass_hours(self, clock, hours):
        """From one due moment to the next."""
        until = timezone.now() + timedelta(hours=hours)
        while moment := self.next_due(until):
            clock.move_to(moment)
            self.settle()
        clock.move_to(until)

    def next_due(self, until):
        """Never before a second has passed: the clock looks once a second; five minutes where an edition failed."""
        failed = Edition.objects.filter(newsletter=self.newsletter, state="failed").exists()
        waiting = Edition.objects.filter(newsletter=self.newsletter, state__in=["gathering", "due"])
        due = Rhythm.objects.filter(subscription__newsletter=self.newsletter, due_at__isnull=False)
        moments = [*waiting.values_list("due_at", flat=True), *due.values_list("due_at", flat=True)]
        soonest = timezone.now() + timedelta(seconds=300 if failed else 1)
        return min((later for moment in moments if (later := max(moment, soonest)) <= until), default=None)

    def settle(self):
        """The clock and the workers, until nothing is to be done at this moment."""
        while True:
            ticks.ring_due()
            ticks.settle()
            ticks.depart_again()
            ticks.depart()
            due = Edition.objects.filter(newsletter=self.newsletter, state="due").order_by("id")
            for edition in due:
                rendering.render(edition.pk)
            for edition in Edition.objects.filter(newsletter=self.newsletter, state="rendered", enlisted_at=None):
                ledger.enlist(edition.pk)
            if not due:
                return

    def stop(self, fates):
        """Cancel the last own send: of its chunks some have left, some were written ahead by a worker that died."""
        send = Send.objects.filter(edition__newsletter=self.newsletter, edition__slot__startswith="own:").last()
        if send is None or send.state == "cancelled":
            return
        for chunk, fate in zip(send.chunks.order_by("number"), itertools.cycle(fates)):
            whole = len(chunk.recipients)
            if fate != "untouched":
                claimed = ledger.claim(send.pk, chunk.number)
                ledger.advance(claimed, ledger.Answers(), settled=whole if fate == "sent" else 0, ahead=whole)
        Chunk.objects.filter(send=send, state="leased").update(lease_until=timezone.now() - timedelta(days=365))
        acts.cancel(send.pk, None, "a wrong picture")
        assert closing.close(send) == "cancelled"

    def letters(self, name):
        """The variants that the reader's letters were made of, in order."""
        theirs = Chunk.objects.filter(recipients__contains=[self.cast[name].pk]).select_related("variant__edition")
        return [chunk.variant for chunk in theirs.order_by("send__id")]

    def told(self, reader):
        """How often each story was brought to the reader, or may have been."""
        owed = DeliveryException.objects.filter(subscriber_id=reader.pk, state="owed").values("send")
        chunks = Chunk.objects.filter(recipients__contains=[reader.pk]).exclude(send__in=owed).select_related("variant")
        revisions = (one for chunk in chunks for one in chunk.variant.revisions.select_related("article"))
        return Counter(one.article.story_id for one in revisions)
