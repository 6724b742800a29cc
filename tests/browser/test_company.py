"""An edition's page in two browsers: each names the other, and nobody who left."""

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts import presence
from dispatch.accounts.models import Presence

pytestmark = pytest.mark.browser


def test_a_page_says_who_came_after_it_was_opened_and_is_forgotten_when_it_is_left(alice, visitor, page):
    office = newsroom.newsletter()
    newsroom.readers(office, en=1)
    edition = newsroom.edition(office, newsroom.story("en", published_at=timezone.now()))
    subject, bob = f"edition:{edition.pk}", newsroom.person(role="editor", name="Bob")
    page.goto(f"/editions/{edition.pk}")
    while not presence.others(subject, bob):
        page.wait_for_timeout(50)
    assert not page.get_by_text("Also open at").is_visible()
    presence.here(subject, bob)
    page.get_by_text("Also open at Bob.").wait_for()
    visitor.look("edition-company")
    page.goto("about:blank")
    while Presence.objects.filter(subject=subject, who=alice).exists():
        page.wait_for_timeout(50)
