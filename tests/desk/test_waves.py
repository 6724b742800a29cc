"""What the desk says of a first wave, of one that went wrong, and of mail that stands still; and what people do about it."""

import newsroom
import pytest

from dispatch.delivery import acts, relays, sending, waves
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Send
from dispatch.operations import stats
from dispatch.outcomes import Refused, Sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client):
    return newsroom.signed_in(client, "operator")


@pytest.fixture
def send(monkeypatch, settings):
    """Of ten readers, four in its first wave."""
    settings.DELIVERY = settings.DELIVERY | {"first_wave_from": 5, "first_wave_share": 0.4}
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=10)
    newsroom.relay()
    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(lambda message: Sent()))
    return newsroom.send(office, newsroom.story("en"))


@pytest.fixture
def held(send, monkeypatch):
    monkeypatch.setattr(
        relays, "open_mailer", lambda relay: Fake(lambda message: Refused(reason="gone", code="550 5.1.1"))
    )
    sending.send_chunk(send.pk, 1)
    waves.look(send.pk)
    return send


def shown(client, path):
    return " ".join(client.get(path).content.decode().split())


def page_of(client, send):
    return shown(client, f"/editions/{send.edition_id}")


def press(client, send, act):
    return client.post(f"/sends/{send.pk}/do/{act}", {"reason": "We know"}, follow=True).content.decode()


def test_the_page_says_what_the_rest_waits_for(alice, send):
    assert "The first wave is 4 readers. The rest waits for their answers." in page_of(alice, send)
    sending.send_chunk(send.pk, 1)
    waves.look(send.pk)
    assert "Their answers are in; the rest leaves at <time" in page_of(alice, send)


def test_pages_are_asked_anew_when_the_wait_begins(send):
    before = stats.now().pulse
    sending.send_chunk(send.pk, 1)
    waves.look(send.pk)
    assert stats.now().pulse != before


def test_home_queue_and_pages_say_why_it_paused_by_itself(alice, held):
    why = "4 of the first 4 letters failed, most with 550 5.1.1."
    assert f"Office news paused by itself. {why}" in shown(alice, "/")
    assert why in shown(alice, "/operations/queue/")
    assert f"It paused by itself. {why}" in page_of(alice, held)
    assert why in shown(alice, f"/stories/{held.edition.stories.get().story_id}")


def test_the_rest_is_let_go_by_an_approver(alice, held):
    assert "The rest goes out now." in press(alice, held, "rest")
    assert Send.objects.get().state == "sending"
    assert "paused by itself" not in page_of(alice, held)


def test_an_editor_keeps_it_paused_and_home_stops_reminding(client, held):
    editor = newsroom.signed_in(client, "editor")
    assert "Send the rest now" not in page_of(editor, held)
    assert editor.post(f"/sends/{held.pk}/do/rest", {"reason": "We know"}).status_code == 403
    assert "It stays paused" in press(editor, held, "keep")
    assert "paused by itself" not in shown(editor, "/")


def test_paused_by_a_person_it_offers_the_rest_and_the_wave(alice, send):
    acts.pause(send.pk, None, "a look")
    page = page_of(alice, send)
    assert "The rest waits." in page
    assert "Send the rest now" in page
    assert "Resume" in page


def test_an_altered_letter_is_named_on_the_edition_the_story_and_the_queue(alice, send):
    send.edition.variants.update(html="<p>Something else</p>")
    sending.send_chunk(send.pk, 1)
    why = "The letter in en was changed after it was frozen: nobody gets it."
    for path in (
        f"/editions/{send.edition_id}",
        f"/stories/{send.edition.stories.get().story_id}",
        "/operations/queue/",
    ):
        assert why in shown(alice, path)
