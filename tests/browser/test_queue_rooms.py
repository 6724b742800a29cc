"""The queue's rooms in a browser: filters that stay in the address, ticks, a reason, charts, workers."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.delivery import heaps, ledger, relays, sending
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Chunk, DeliveryException, WorkerBeat
from dispatch.operations.models import Flow
from dispatch.outcomes import Deferred, Refused, Sent

pytestmark = pytest.mark.browser
ITEMS = "/operations/queue/items/"


@pytest.fixture
def send(monkeypatch, transactional_db):
    """Twelve readers, four of them deferred and two refused."""
    monkeypatch.setattr("dispatch.queue.enqueue", lambda *_: None)
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=12)
    newsroom.relay()
    later, no = Deferred(until=None, reason="greylisted", code="450 4.2.1"), Refused(reason="gone", code="550 5.1.1")
    answers = iter([later, no, later, later, no, later])
    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(lambda message: next(answers, Sent())))
    one = newsroom.send(office, newsroom.story("en"))
    sending.send_chunk(one.pk, 1)
    return one


@pytest.fixture
def flowed(transactional_db):
    """An hour of letters and posts."""
    now = timezone.now().replace(second=0, microsecond=0)
    for minute in range(50):
        at = now - timedelta(minutes=minute)
        values = {"at": at, "kind": "post", "part": "masto"}
        Flow.objects.create(outcome="sent", count=5 + minute % 7, late=30 + minute, latest=12, **values)
        Flow.objects.create(outcome="deferred", count=minute % 3, **values)
        mail = {"at": at, "kind": "mail", "part": "main/1", "outcome": "sent"}
        Flow.objects.create(count=1000 + 10 * minute, late=9000 + 100 * minute, **mail)


def test_an_operator_filters_ticks_and_says_why(visitor, alice, page, send):
    visitor.look("items", f"{ITEMS}?kind=reader&column=deferred")
    page.goto(f"{ITEMS}?kind=reader")
    page.get_by_label("State").select_option("Failed or stuck")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**column=failed**")
    assert page.locator("tbody tr").count() == 2
    page.locator("tbody input[type=checkbox]").first.check()
    page.get_by_text("Do something with them").click()
    page.get_by_label("Try again now").check()
    page.get_by_label("Why?").fill("They have a mailbox again")
    page.get_by_role("button", name="Do it").click()
    page.get_by_text("It is tried again now.").wait_for()
    assert DeliveryException.objects.filter(state="refused").count() == 1
    assert "column=failed" in page.url


def test_one_reader_has_a_page(visitor, alice, page, send):
    one = DeliveryException.objects.filter(state="deferred").first()
    visitor.look("item", f"{ITEMS}reader/{send.pk}-{one.subscriber_id}/")
    page.get_by_text("450 4.2.1 from main").wait_for()


def test_a_reader_who_got_it_in_the_end_keeps_the_page(visitor, alice, page, send):
    first = DeliveryException.objects.filter(state="deferred").order_by("subscriber_id").first().subscriber_id
    heaps.one(send.pk, first, "retry", alice, "Bob rang us")
    for place, number in ledger.promote_due():
        sending.send_chunk(place, number)
    visitor.look("item-mended", f"{ITEMS}reader/{send.pk}-{first}/")
    assert page.locator("ol.history li").count() == 3
    page.get_by_text("Bob rang us").wait_for()


def test_a_stuck_chunk_is_given_up(visitor, alice, page, send):
    Chunk.objects.update(state="stuck", settled=10, ahead=10, trouble="Its worker died 4 times.")
    visitor.look("queue-stuck", "/operations/queue/")
    page.locator("#chunks summary", has_text="Drop it").click()
    page.locator("#chunks details[open] input[name=reason]").fill("It cannot be made")
    page.locator("#chunks details[open] button").click()
    page.get_by_text("It is dropped.").wait_for()
    assert DeliveryException.objects.filter(state="cancelled").count() == 2
    visitor.look("item-dropped", f"{ITEMS}chunk/{Chunk.objects.get().pk}/")
    page.get_by_text("It cannot be made").wait_for()


def test_charts_are_drawn_from_our_own_host(visitor, alice, page, flowed):
    page.goto("/operations/queue/flow/?kind=post&span=1h")
    page.locator(".chart canvas").nth(1).wait_for()
    visitor.look("flow")
    page.get_by_text("The same as a table").click()
    assert page.locator("#said tbody tr").count() >= 49


def test_how_late_mail_is_has_a_chart_of_its_averages(visitor, alice, page, flowed):
    page.goto("/operations/queue/flow/?kind=mail&span=1h")
    page.locator(".chart canvas").nth(1).wait_for()
    visitor.look("flow-mail")
    assert "on average" in page.locator(".chart").nth(1).inner_text()
    assert "at most" not in page.locator(".chart").nth(1).inner_text()


def test_workers_say_what_they_do(visitor, alice, page, transactional_db):
    now = timezone.now()
    hands = [{"task": "email.send_chunk(4, 12)", "since": now.isoformat()}]
    values = {"queues": "email", "started_at": now, "version": "0.1.0", "memory": 157_286_400}
    states = {"main": ("opening", "at work"), "second": ("at rest",)}
    values["connections"] = [
        {"relay": relay, "state": state, "count": 2, "since": now.isoformat()}
        for relay, each in states.items()
        for state in each
    ]
    WorkerBeat.objects.create(name="host:7", beat_at=now, now=hands, **values)
    WorkerBeat.objects.create(name="host:8", beat_at=now - timedelta(minutes=9), **values)
    WorkerBeat.objects.create(name="host:9", beat_at=now, heard_at=now - timedelta(minutes=9), **values)
    starting = {"beat_at": now, "heard_at": now - timedelta(minutes=3), "doing": "starting"}
    WorkerBeat.objects.create(name="host:10", **values | starting | {"connections": [], "memory": 0})
    visitor.look("workers", "/operations/queue/workers/")
    WorkerBeat.objects.exclude(name="host:8").update(beat_at=timezone.now())  # a busy machine looks at it for long
    page.reload()
    page.get_by_text("slow to start", exact=True).wait_for()
    page.get_by_text("150 MB").first.wait_for()
    page.get_by_text("silent", exact=True).wait_for()
    page.get_by_text("deaf", exact=True).wait_for()
    to_main = page.get_by_role("row").filter(has_text="the relay main").filter(has_text="at work")
    assert to_main.locator("td").last.inner_text() == "4", "what a silent one has is not known"
