"""What is urgent overtakes what is under way: no worker goes on with a digest while breaking news waits."""

import newsroom
import pytest

from dispatch.accounts import stopping
from dispatch.delivery import ledger, relays, sending, turns
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Chunk, Send
from dispatch.editions.models import Edition
from dispatch.outcomes import Sent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_chunks(settings):
    settings.DELIVERY = settings.DELIVERY | {"chunk": 6, "window": 2}


@pytest.fixture
def digest():
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=12)
    newsroom.relay()
    return newsroom.send(office, newsroom.story("en"))


def make_urgent(slug="breaking", count=4):
    wire = newsroom.newsletter(slug, languages=["en"])
    newsroom.readers(wire, en=count)
    edition = newsroom.edition(wire, newsroom.story("en"))
    Edition.objects.filter(pk=edition.pk).update(is_urgent=True)
    return ledger.enlist(edition.pk)


@pytest.fixture(autouse=True)
def at_each_letter(monkeypatch):
    """at_each_letter(act) has it called whenever a letter is taken. A worker sends one chunk at a time."""
    acts = []

    def take(message):
        for act in acts:
            act()
        return Sent()

    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(take))
    monkeypatch.setattr(sending, "TURN", 0.0)
    return acts.append


def untouched(send):
    return sum(len(chunk.recipients) - chunk.ahead for chunk in Chunk.objects.filter(send=send))


def test_whoever_is_rung_for_a_digest_sends_what_is_urgent_first(digest):
    urgent = make_urgent()
    sending.send_chunk(digest.pk, 1)
    assert (untouched(urgent), untouched(digest)) == (0, 12)
    sending.send_chunk(digest.pk, 1)
    assert untouched(digest) == 6


def test_a_digest_under_way_makes_room_within_a_window(digest, at_each_letter):
    made = []
    at_each_letter(lambda: made or made.append(make_urgent()))
    sending.send_chunk(digest.pk, 1)
    assert 0 < untouched(digest) - 6 < 6
    assert untouched(made[0]) == 4
    sending.send_chunk(digest.pk, 1)
    assert untouched(made[0]) == 0
    sending.send_chunk(digest.pk, 1)
    sending.send_chunk(digest.pk, 2)
    assert untouched(digest) == 0
    assert ledger.totals(digest.pk).settled == 12


def test_what_is_held_holds_up_nobody(digest):
    urgent = make_urgent()
    for state in (Send.State.PAUSED, Send.State.READY, Send.State.DRAFT):
        Send.objects.filter(pk=urgent.pk).update(state=state)
        assert turns.urgent() is None
    Send.objects.filter(pk=urgent.pk).update(state=Send.State.SENDING)
    stopping.stop("newsletter", urgent.edition.newsletter_id, None, "a test")
    assert turns.urgent() is None
    sending.send_chunk(digest.pk, 1)
    assert untouched(digest) == 6
