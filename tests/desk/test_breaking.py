"""An approver lets a story leave as breaking news, from its page."""

import newsroom
import pytest

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
