"""An operator says who is told what; and what nobody knows is looked at on one page."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.delivery.models import DeliveryException
from dispatch.desk import happening, telling
from dispatch.desk.models import Notice, Target
from dispatch.social.models import Attempt, Change, Post

pytestmark = pytest.mark.browser


def test_an_operator_adds_a_mailbox_and_sends_it_a_test(alice, visitor, page):
    page.goto("/telling/")
    page.get_by_label("Called").fill("The night desk")
    page.get_by_label("A mail address").fill("bob@example.org")
    page.get_by_label("Quiet from").fill("22:00")
    page.get_by_label("to, by the clock").fill("07:00")
    page.get_by_label("Somebody paused a send").uncheck()
    page.get_by_label("Why?").fill("someone has to hear of it")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("Added. Send a test").wait_for()
    assert "paused" not in Target.objects.get().kinds
    page.get_by_role("button", name="Send a test").click()
    page.get_by_text("It is on its way.").wait_for()
    assert Notice.objects.get().is_test


def test_what_was_told_is_listed(alice, visitor, page):
    newsroom.newsletter()
    for name, way in (("The night desk", "mail"), ("Telegram of the web team", "chat")):
        telling.add(name, way, "bob@example.org", None, "x", kinds=list(happening.KINDS), languages=["en", "be"])
    newsroom.post(newsroom.channel(), newsroom.story("en"), "refused", trouble="Text is too long 422")
    telling.look()
    telling.look(timezone.now() + timedelta(minutes=1))
    first, second = Notice.objects.order_by("pk")
    Notice.objects.filter(pk=first.pk).update(state="sent")
    Notice.objects.filter(pk=second.pk).update(state="waiting", trouble="the service asks for patience")
    visitor.look("telling", "/telling/")
    page.locator("summary", has_text="Add one").click()
    visitor.look("telling-add")


def test_what_nobody_knows_is_on_one_page(alice, visitor, page):
    newsroom.relay()
    office, story, now = newsroom.newsletter(languages=["en"]), newsroom.story("en"), timezone.now()
    newsroom.readers(office, en=3)
    send = newsroom.send(office, story)
    for number in (1, 2):
        DeliveryException.objects.create(send=send, subscriber_id=number, chunk=1, state="unknown", at=now)
    post = newsroom.post(newsroom.channel(), story, "unknown")
    evidence = {"error": "ReadTimeout", "looks": 3, "looked_at": now.isoformat(), "saw": "not there"}
    Attempt.objects.create(
        post=post,
        number=1,
        key="k",
        outcome="unknown",
        evidence=evidence,
        prepared={"media": ["1"]},
        started_at=now,
        called_at=now,
        finished_at=now,
    )
    out = newsroom.post(newsroom.channel("telegram", "telegram"), story, remote_url="https://t.me/office/12")
    values = {"act": "delete", "state": "refused", "trouble": "message can't be deleted 400", "finished_at": now}
    Change.objects.create(post=out, due_at=now, attempts_made=1, **values)
    visitor.look("unknown", "/posts/unknown")
    card = page.locator(f"#change-{Change.objects.get().pk}")
    card.get_by_label("What did you see or do?").fill("deleted it in the app")
    card.get_by_role("button", name="It is deleted there").click()
    page.get_by_text("Noted.").wait_for()
    assert Post.objects.get(pk=out.pk).state == "gone"
    page.get_by_label("What did you see?").fill("it is there")
    page.get_by_role("button", name="Yes, it is out").click()
    page.get_by_text("Noted: it is out.").wait_for()
