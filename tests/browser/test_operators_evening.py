"""The evening on which an edition leaves, for the documentation: one relay ails, one provider puts mail off."""

import itertools
import math
from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.audience.addresses import ProviderClass
from dispatch.audience.models import Subscriber
from dispatch.delivery import relays, sending
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Chunk, WorkerBeat
from dispatch.operations.models import Flow
from dispatch.outcomes import Deferred, Refused, Sent

pytestmark = pytest.mark.browser
GONE = Refused(reason="no such user", code="550 5.1.1")


@pytest.fixture
def evening(visitor, settings, monkeypatch):
    """Half of an edition is out; Mail.ru's readers wait, and a relay has closed its door."""
    settings.DELIVERY = {**settings.DELIVERY, "chunk": 20, "window": 5}
    office = newsroom.newsletter()
    monkeypatch.setattr(sending, "TURN", 0.0)  # one chunk each time
    newsroom.readers(office, en=70, be=60, ru=50)
    for language, provider in (("ru", ProviderClass.MAILRU), ("en", ProviderClass.GMAIL)):
        Subscriber.objects.filter(subscriptions__language=language).update(provider_class=provider)
    main, second = (
        relays.save("main", "smtp://127.0.0.1:9?security=none"),
        relays.save("second", "smtp://mail.example.org"),
    )
    send = newsroom.send(office, newsroom.story("en", "be", "ru"))
    for chunk in list(Chunk.objects.filter(send=send).order_by("number"))[::2]:
        answers = slowly() if chunk.provider_class == ProviderClass.MAILRU else gladly()
        answering = Fake(lambda message, answers=answers: next(answers))
        monkeypatch.setattr(relays, "open_mailer", lambda relay, answering=answering: answering)
        sending.send_chunk(send.pk, chunk.number)
    relays.weigh(relays.save("spare", "smtp://mail.example.org"), 0)
    for _ in range(relays.OPENS_AFTER):
        relays.failed(main, "no connection to the relay: it does not let us in 421: “4.3.2 Service shutting down”")
    return send, second


def slowly():
    """Mail.ru puts off three letters of four, for longer than anyone looks on."""
    slow = Deferred(until=timezone.now() + timedelta(hours=2), reason="greylisted", code="450 4.2.1")
    return itertools.cycle([slow, slow, slow, Sent()])


def gladly():
    """Others take all but the last of twenty."""
    return itertools.cycle([Sent()] * 19 + [GONE])


def flowed():
    """Letters of an hour: an edition began 45 minutes ago, and its first tries run out."""
    now = timezone.now().replace(second=0, microsecond=0)
    for minute in range(46):
        at, gone = now - timedelta(minutes=45 - minute), math.exp(-minute / 18)
        values = {"at": at, "kind": "mail", "part": "second/1"}
        sent = int(9000 * gone + 300 * math.sin(minute / 3) ** 2)
        Flow.objects.create(outcome="sent", count=sent, late=sent * (4 + minute), latest=90, **values)
        Flow.objects.create(outcome="deferred", count=int(900 * gone * (minute > 2)), **values)
        Flow.objects.create(outcome="refused", count=int(60 * gone), **values)


def crew(send):
    """A clock and four workers, one of them silent."""
    now = timezone.now()
    lines = {"relay": "second", "since": (now - timedelta(minutes=4)).isoformat()}
    working = {"connections": [{**lines, "state": "at work", "count": 4}, {**lines, "state": "at rest", "count": 2}]}
    hands = [{"task": f"email.send_chunk({send.pk}, {number})", "since": now.isoformat()} for number in (7, 8)]
    for name, queues, more in (
        ("mill:101", "clock", {"doing": "leading", "memory": 96_000_000}),
        ("mill:102", "articles,editions", {"memory": 402_000_000}),
        ("mill:103", "email", {"now": hands, "memory": 311_000_000, **working}),
        ("mill:104", "social,upkeep", {"memory": 188_000_000}),
        ("wheel:77", "email", {"memory": 305_000_000, "beat_at": now - timedelta(minutes=6)}),
    ):
        values = {"started_at": now - timedelta(hours=3), "version": "0.1.0", "beat_at": now}
        WorkerBeat.objects.create(name=name, queues=queues, **(values | more))


def test_an_edition_leaves_while_a_relay_ails(visitor, alice, evening, page):
    visitor.look("evening-relays", "/operations/relays/")
    visitor.look("evening-queue", "/operations/queue/")
    visitor.look("evening-items", "/operations/queue/items/?kind=reader&column=deferred")
    page.locator("tbody tr").filter(has_text="450 4.2.1").nth(1).wait_for()


def test_who_works_at_it_and_how_it_flows(visitor, alice, evening, page):
    send, _ = evening
    flowed()
    crew(send)
    visitor.look("evening-workers", "/operations/queue/workers/")
    page.goto("/operations/queue/flow/?kind=mail&span=1h")
    page.locator(".chart canvas").nth(1).wait_for()
    visitor.look("evening-flow")
    page.get_by_text("put off").first.wait_for()
