"""Leaving: a scanner's GET changes nothing, one click is enough, a day to undo it, then the person is forgotten."""

import secrets
from datetime import timedelta

import pytest
from django.utils import timezone

from dispatch import vault
from dispatch.audience import leaving, tokens
from dispatch.audience.models import Subscriber, Subscription, Suppression

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(newsletter):
    subscriber = Subscriber.objects.create(address=b"x", address_index=vault.blind_index("alice@example.org"))
    return Subscription.objects.create(
        subscriber=subscriber,
        newsletter=newsletter,
        language="be",
        handle=secrets.token_bytes(8),
        consented_at=timezone.now(),
    )


@pytest.fixture
def link(alice):
    return f"/leave/{tokens.token(alice.handle)}"


def state(subscription):
    subscription.refresh_from_db()
    return subscription.state


def test_opening_the_link_changes_nothing_and_speaks_the_readers_language(client, alice, link):
    page = client.get(link)
    assert page.status_code == 200
    assert "Адпісацца" in page.content.decode()
    assert "Навіны Офіса" in page.content.decode()
    assert client.head(link).status_code == 200
    assert state(alice) == "active"


def test_one_click_leaves_without_cookie_redirect_or_token_of_ours(client, alice, link):
    done = client.post(link, {"List-Unsubscribe": "One-Click"})
    assert (done.status_code, done.content) == (200, b"")
    assert not done.cookies
    assert state(alice) == "left"
    assert client.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200


def test_one_click_may_come_as_a_multipart_form(client, alice, link):
    body = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    assert client.post(link, body, content_type="multipart/form-data; boundary=x").content == b""
    assert state(alice) == "left"


def test_the_button_leaves_and_the_page_offers_to_undo(client, alice, link):
    page = client.post(link, {"act": "leave"})
    assert "Вярнуць" in page.content.decode()
    assert state(alice) == "left"
    client.post(link, {"act": "undo"})
    assert state(alice) == "active"


def test_after_a_day_it_is_too_late_to_undo(client, alice, link):
    leaving.leave(alice)
    Subscription.objects.update(left_at=timezone.now() - timedelta(hours=25))
    client.post(link, {"act": "undo"})
    assert state(alice) == "left"


def test_a_token_that_is_none_gets_the_same_pages(client, newsletter):
    nobody = f"/leave/{'a' * 26}"
    assert client.get(nobody).status_code == 200
    assert client.post(nobody, {"List-Unsubscribe": "One-Click"}).content == b""
    assert client.post(nobody, {"act": "leave"}).status_code == 200


def test_pages_load_nothing_from_elsewhere_and_are_not_indexed(client, link):
    for page in (client.get(link), client.get(link.replace("leave", "preferences"))):
        assert page["Referrer-Policy"] == "no-referrer"
        assert "noindex" in page["X-Robots-Tag"]
        assert "http" not in page.content.decode()


def test_a_day_after_leaving_nothing_is_left_but_a_tombstone(alice):
    leaving.leave(alice)
    assert leaving.forget_who_left() == 0
    Subscription.objects.update(left_at=timezone.now() - timedelta(hours=25))
    assert leaving.forget_who_left() == 1
    assert not Subscriber.objects.exists()
    assert Suppression.objects.get().reason == "erased"
    assert leaving.forget_who_left() == 0


def test_who_still_reads_another_newsletter_is_not_forgotten(alice, newsletter):
    other = type(newsletter).objects.create(slug="other", from_name="O", from_address="o@example.org")
    Subscription.objects.create(
        subscriber=alice.subscriber,
        newsletter=other,
        language="en",
        handle=secrets.token_bytes(8),
        consented_at=timezone.now(),
    )
    leaving.leave(alice)
    Subscription.objects.filter(pk=alice.pk).update(left_at=timezone.now() - timedelta(hours=25))
    leaving.forget_who_left()
    assert Subscriber.objects.count() == 1
    assert Subscription.objects.get().newsletter == other
