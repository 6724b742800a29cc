"""At the desk: what waits for a second person is said on Home and on the edition's page, with the button to agree."""

import re

import newsroom
import pytest
from django.test import Client
from django.utils import timezone

from dispatch.accounts import audit, views
from dispatch.delivery import approving
from dispatch.delivery.models import Send
from dispatch.editions.models import Preflight

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob():
    """An approver, in a browser of his own; he let the edition leave."""
    client = Client()
    client.person = newsroom.person("approver", "Bob")
    client.force_login(client.person, views.BACKEND)
    return client


@pytest.fixture
def send(settings, bob):
    settings.DELIVERY = settings.DELIVERY | {"approve_from": 2}
    office = newsroom.newsletter()
    newsroom.readers(office, en=3)
    edition = newsroom.edition(office, newsroom.story("en"))
    audit.record(bob.person, "edition.send_now", f"edition:{edition.pk}", "news")
    return approving.enlist(edition.pk)


def test_home_says_it_and_the_second_person_lets_it_leave(client, bob, send):
    newsroom.signed_in(client, "approver")
    assert "waits for a second person. It goes to 3 readers: more than 2." in client.get("/").content.decode()
    page = client.get(f"/editions/{send.edition_id}").content.decode()
    assert "Somebody other than Bob agrees" in page
    seen = re.search(r'name="seen" value="(\w{64})"', page)[1]
    theirs = bob.get(f"/editions/{send.edition_id}").content.decode()
    assert 'name="seen"' not in theirs
    again = bob.post(f"/sends/{send.pk}/approve", {"seen": seen, "reason": "mine"}, follow=True).content.decode()
    assert "you asked yourself" in again
    done = client.post(f"/sends/{send.pk}/approve", {"seen": seen, "reason": "read it"}, follow=True).content.decode()
    assert "It leaves now." in done
    assert Send.objects.get().state == Send.State.SENDING


def test_an_editor_may_not(client, send):
    newsroom.signed_in(client, "editor")
    assert 'name="seen"' not in client.get(f"/editions/{send.edition_id}").content.decode()
    assert client.post(f"/sends/{send.pk}/approve", {"seen": "", "reason": "please"}).status_code == 403


def test_it_asks_for_a_fresh_second_factor(client, send, settings):
    newsroom.signed_in(client, "approver")
    settings.SECOND_FACTOR = True
    assert client.post(f"/sends/{send.pk}/approve", {"seen": "", "reason": "read"}).url.startswith("/account/factors/")


def test_what_preflight_found_holds_it_until_the_second_person_overrules_it(client, bob, send):
    Preflight.objects.create(
        edition=send.edition,
        asked_at=timezone.now(),
        done_at=timezone.now(),
        found=[{"level": "blocks", "what": "Links", "words": "A link leads nowhere.", "todo": "Mend it."}],
    )
    newsroom.signed_in(client, "approver")
    page = client.get(f"/editions/{send.edition_id}").content.decode()
    agreed = {"seen": re.search(r'name="seen" value="(\w{64})"', page)[1], "reason": "only a footnote"}
    held = client.post(f"/sends/{send.pk}/approve", agreed, follow=True).content.decode()
    assert "Nothing left. Links: A link leads nowhere." in held
    assert Send.objects.get().state == Send.State.DRAFT
    client.post(f"/sends/{send.pk}/approve", agreed | {"although": "yes"})
    assert Send.objects.get().state == Send.State.SENDING
    assert audit.last(f"edition:{send.edition_id}", ["edition.overrule"]).reason == "against Links: only a footnote"
