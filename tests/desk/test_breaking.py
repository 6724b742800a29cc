"""An approver lets a story leave as breaking news, from its page."""

import newsroom
import pytest

from dispatch.accounts.models import AuditEntry
from dispatch.articles.models import Revision
from dispatch.delivery import domains
from dispatch.editions import links
from dispatch.editions.models import Edition

pytestmark = pytest.mark.django_db


@pytest.fixture
def fire():
    newsroom.newsletter(cadence="daily")
    return newsroom.story("en")


def press(client, story, **said):
    return client.post(f"/stories/{story.pk}/breaking", {"reason": "It burns", **said}, follow=True).content.decode()


def test_an_approver_mails_it_and_is_told_what_follows(client, fire):
    newsroom.signed_in(client, "approver")
    assert "Mail it now" in client.get(f"/stories/{fire.pk}").content.decode()
    assert "It leaves with Office news now" in press(client, fire, newsletter="office")
    assert Edition.objects.get().is_urgent
    assert "Mail it now" not in client.get(f"/stories/{fire.pk}").content.decode()
    assert "That newsletter has brought it" in press(client, fire, newsletter="office")


def test_a_newsletter_that_is_none_is_said(client, fire):
    newsroom.signed_in(client, "approver")
    assert "Choose a newsletter. Nothing was changed." in press(client, fire, newsletter="nonesuch")
    assert not Edition.objects.exists()


def test_an_editor_may_not(client, fire):
    newsroom.signed_in(client, "editor")
    assert "Mail it now" not in client.get(f"/stories/{fire.pk}").content.decode()
    assert client.post(f"/stories/{fire.pk}/breaking", {"newsletter": "office"}).status_code == 403


def spoil(story):
    Revision.objects.filter(article__story=story).update(title="TODO: a title")


def test_what_blocks_it_is_shown_and_nothing_was_made_of_it(client, fire, django_capture_on_commit_callbacks):
    newsroom.signed_in(client, "approver")
    spoil(fire)
    with django_capture_on_commit_callbacks() as rung:
        page = press(client, fire, newsletter="office")
    assert "Nothing left. Left over: “TODO”" in page
    assert 'name="although"' in page
    assert 'value="It burns"' in page
    assert not Edition.objects.filter(is_urgent=True).exists()
    assert not AuditEntry.objects.filter(act="story.breaking").exists()
    assert rung == []
    assert 'name="although"' not in client.get(f"/stories/{fire.pk}").content.decode()


def test_it_leaves_all_the_same_when_that_is_ticked_and_the_log_says_against_what(client, fire):
    newsroom.signed_in(client, "approver")
    spoil(fire)
    press(client, fire, newsletter="office")
    assert "It leaves with Office news now" in press(client, fire, newsletter="office", although="yes")
    assert Edition.objects.get().is_urgent
    assert AuditEntry.objects.get(act="edition.overrule").reason == "against Left over: It burns"


def test_nothing_outside_is_asked_before_news_leave(client, fire, monkeypatch):
    """Names are looked up and links opened by workers, which may take a minute."""
    asked = []
    monkeypatch.setattr(links, "check", lambda addresses: asked.append("links") or [])
    monkeypatch.setattr(domains, "look", lambda domain: asked.append("domain") or [])
    newsroom.signed_in(client, "approver")
    assert "It leaves with Office news now" in press(client, fire, newsletter="office")
    assert asked == []
