"""Tokens and webhooks at the desk: made, shown once, ended; told, and told again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dispatch.accounts.models import Token
from dispatch.api import endpoints, events, tokens
from dispatch.api.models import Attempted, Delivery, Endpoint
from dispatch.api.tokens import Scope

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_token_is_made_shown_once_and_ended(alice, visitor, page):
    tokens.mint(alice, "Newsroom screen", [Scope.STORIES, Scope.POSTS], 365)
    page.goto("/account/")
    page.get_by_role("link", name="Your tokens").click()
    page.get_by_label("What is it for?").fill("Calendar")
    page.get_by_label("Read posts, channels and the calendar").check()
    page.get_by_role("button", name="Make it").click()
    secret = page.get_by_label("The token").input_value()
    assert tokens.find(secret).scopes == ["posts"]
    visitor.look("token-made")
    visitor.look("tokens", "/account/tokens/")
    assert page.get_by_label("The token").count() == 0
    page.get_by_role("button", name="End Calendar").click()
    page.get_by_text("Calendar is not good any more.").wait_for()
    assert tokens.find(secret) is None
    assert Token.objects.get(name="Newsroom screen").revoked_at is None


def test_an_endpoint_is_added_tested_and_told_again(alice, visitor, page):
    page.goto("/webhooks/out/")
    page.get_by_label("What is it?").fill("The newsroom’s site")
    page.get_by_label("Its address").fill("https://office.example.org/hooks/dispatch")
    page.get_by_label("A post is out", exact=False).first.check()
    page.get_by_label("Why?", exact=False).fill("the front page shows our posts")
    page.get_by_role("button", name="Add it").click()
    assert page.get_by_label("The secret").input_value().startswith("whsec_")
    visitor.look("webhook-added")
    endpoint = Endpoint.objects.get()
    page.goto(f"/webhooks/out/{endpoint.pk}")
    page.get_by_role("button", name="Send a test").click()
    page.get_by_text("A test is on its way").wait_for()
    delivery = Delivery.objects.get()
    _told(endpoint, delivery)
    page.reload()
    visitor.look("webhook-log", f"/webhooks/out/{endpoint.pk}")
    page.get_by_role("button", name="Send again").first.click()
    page.get_by_text("It is told again").wait_for()
    assert Delivery.objects.filter(state="waiting").count() == 2
    visitor.look("webhooks", "/webhooks/out/")


def test_the_reference_reads_well(visitor, page):
    page.goto("/api/docs")
    page.get_by_text("/api/v1/posts/{post_id}/schedule").click()
    page.get_by_text("At a moment, in the channel's next free slot, or now", exact=False).wait_for()
    visitor.look("api-reference")


def _told(endpoint, test):
    """A day in the life of an endpoint."""
    now = timezone.now()
    Delivery.objects.filter(pk=test.pk).update(state="delivered")
    Attempted.objects.create(delivery=test, at=now, status=200, took_ms=48, answer="ok")
    for kind, state, status, words in (
        ("post.sent", "failed", 503, "The site is being mended. Come back in a while."),
        ("post.refused", "waiting", None, "took too long"),
        ("stop.pulled", "void", 404, ""),
    ):
        one = Delivery.objects.create(
            endpoint=endpoint,
            kind=kind,
            data={"post": 1, "story": 1},
            at=now,
            due_at=now + timedelta(hours=5),
            state=state,
        )
        for _ in range(2):
            Attempted.objects.create(delivery=one, at=now, status=status, took_ms=10_004, answer=words)
        Delivery.objects.filter(pk=one.pk).update(attempts_made=2)
    assert endpoints.secrets_of(endpoint)
    assert set(endpoint.events) <= set(events.KINDS)
