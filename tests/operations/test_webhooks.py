"""What a CMS said and nobody could take in stands on the queue's page, and on Health."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts.models import AuditEntry
from dispatch.articles.models import Source, WebhookDelivery
from dispatch.operations import health, stats

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client):
    return newsroom.signed_in(client)


@pytest.fixture
def failed():
    source = Source.objects.create(slug="newsroom", kind="native", name="The newsroom's CMS")
    return WebhookDelivery.objects.create(
        source=source,
        delivery_id="msg_1",
        body_hash=b"",
        event="article.published",
        said="{}",
        due_at=timezone.now() + timedelta(minutes=9),
        did="failed",
        why="Dispatch could not take it in.",
    )


def act(alice, delivery, name, reason="it is mended"):
    return alice.post(f"/operations/queue/webhooks/{delivery.pk}/{name}", {"reason": reason}, follow=True)


def test_a_webhook_that_failed_is_counted_listed_and_said_to_be_no_health(alice, failed):
    assert stats.counts()["webhook"]["failed"].count == 1
    page = alice.get("/operations/queue/").content.decode()
    assert "The newsroom&#39;s CMS" in page
    assert "Dispatch could not take it in." in page
    (check,) = health.webhooks()
    assert (check.state, check.words) == ("todo", "1 webhook could not be taken in.")


def test_one_that_waits_longer_than_a_minute_is_said(failed):
    WebhookDelivery.objects.update(did="received", received_at=timezone.now() - timedelta(minutes=2))
    (check,) = health.webhooks()
    assert check.words == "1 webhook to be taken in, the oldest 2 min ago."
    WebhookDelivery.objects.update(due_at=None)
    assert next(health.webhooks()).state == "ok"


def test_an_operator_retries_it_with_a_reason(alice, failed):
    assert "It is tried again now." in act(alice, failed, "retry").content.decode()
    failed.refresh_from_db()
    assert failed.due_at <= timezone.now()
    assert AuditEntry.objects.get().reason == "it is mended"


def test_an_operator_drops_it_and_nothing_of_it_is_kept(alice, failed):
    assert "Dropped." in act(alice, failed, "drop").content.decode()
    failed.refresh_from_db()
    assert (failed.did, failed.said, failed.due_at) == ("dropped", "", None)
    assert "nothing was changed" in act(alice, failed, "retry").content.decode()


def test_without_a_reason_or_another_act_nothing_happens(alice, failed):
    act(alice, failed, "drop", reason="")
    assert act(alice, failed, "burn").status_code == 404
    failed.refresh_from_db()
    assert failed.did == "failed"
