"""Both subjects leave with the first wave, each to its share; the better one goes to the rest, to nobody twice."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts.models import AuditEntry
from dispatch.delivery import acts, approving, closing, comparing, ledger, relays, sending, waves
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Approval, Chunk, Send
from dispatch.editions import planning, rendering, subjects
from dispatch.editions.models import Edition, SubjectTest
from dispatch.outcomes import Sent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small(monkeypatch, settings):
    """A test needs five readers a subject; chunks are of four."""
    monkeypatch.setattr(subjects, "LEAST", 5)
    monkeypatch.setattr(sending, "TURN", 0.0)
    settings.DELIVERY = settings.DELIVERY | {"chunk": 4}


@pytest.fixture
def bob():
    return newsroom.person("approver", "Bob")


@pytest.fixture
def relay(monkeypatch):
    """Takes everything."""
    newsroom.relay()
    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(lambda message: Sent()))


def edition(readers=80, **how):
    office = newsroom.newsletter(cadence="daily", languages=["en"])
    newsroom.readers(office, en=readers)
    for article in newsroom.story("en").articles.all():
        planning.plan(article)
    made = Edition.objects.get(newsletter=office)
    subjects.plan(made.pk, {"en": "The second"}, **({"share": 20, "wait": 60, "by_clicks": True} | how))
    Edition.objects.filter(pk=made.pk).update(state="due")
    rendering.render(made.pk)
    return made


@pytest.fixture
def send(relay):
    return ledger.enlist(edition().pk)


def go(send, in_wave):
    for number in Chunk.objects.filter(send=send, in_wave=in_wave).values_list("number", flat=True):
        sending.send_chunk(send.pk, number)


def had(send):
    """Readers by the letter that their chunk holds."""
    found = {"a": set(), "b": set()}
    for chunk in Chunk.objects.filter(send=send, is_retry=False).select_related("variant"):
        found[chunk.variant.arm] |= set(chunk.recipients)
    return found


def end_wait(send):
    waves.look(send.pk)
    Send.objects.filter(pk=send.pk).update(wave_until=timezone.now() - timedelta(seconds=1))
    return waves.look(send.pk)


def test_each_subject_goes_to_about_its_share_first(send):
    sampled = comparing.readers(send.pk)
    assert (send.state, send.first_wave) == (Send.State.FIRST_WAVE, 32)
    assert sum(sampled.values()) == 32
    assert min(sampled.values()) > 5
    assert not had(send)["a"] & had(send)["b"]


def test_the_better_one_goes_to_the_rest(send, bob):
    go(send, in_wave=True)
    sampled = comparing.readers(send.pk)
    assert comparing.count(send, {"a": 1, "b": sampled["b"]}, bob, "from our statistics")
    before = had(send)
    assert end_wait(send) == Send.State.SENDING
    test = SubjectTest.objects.get()
    assert (test.winner, test.why) == (
        "b",
        f"More readers clicked: 1 of {sampled['a']}, {sampled['b']} of {sampled['b']}.",
    )
    go(send, in_wave=False)
    assert closing.close(send) == "finished"
    assert len(had(send)["a"]) == sampled["a"]
    assert had(send)["a"] <= before["a"]
    assert ledger.totals(send.pk).settled == 80


def test_without_a_difference_the_first_goes_to_the_rest_and_that_is_said(send):
    go(send, in_wave=True)
    end_wait(send)
    assert SubjectTest.objects.get().why == "Nobody chose, and no difference beyond chance was counted."
    assert len(had(send)["a"]) == 80 - comparing.readers(send.pk)["b"]


def test_it_waits_as_long_as_was_planned(send):
    go(send, in_wave=True)
    waves.look(send.pk)
    send.refresh_from_db()
    assert timedelta(minutes=59) < send.wave_until - timezone.now() <= timedelta(minutes=60)
    assert waves.look(send.pk) == Send.State.FIRST_WAVE


def test_an_editor_chooses_once_and_the_rest_goes_at_once(send, bob):
    go(send, in_wave=True)
    assert comparing.choose(send.pk, "b", bob, "it is better")
    assert not comparing.choose(send.pk, "a", bob, "no, the other")
    assert Send.objects.get().state == Send.State.SENDING
    assert len(had(send)["b"]) == 80 - comparing.readers(send.pk)["a"]
    assert not comparing.count(send, {"a": 1}, bob, "too late")
    assert AuditEntry.objects.get(act="send.subject").target == f"send:{send.pk}:b"


def test_whoever_lets_the_rest_go_decides_for_what_was_counted(send, bob):
    comparing.count(send, {"a": 0, "b": comparing.readers(send.pk)["b"]}, bob, "our statistics")
    go(send, in_wave=True)
    assert acts.send_rest(send.pk, bob, "it is late")
    assert SubjectTest.objects.get().winner == "b"


def test_too_few_readers_get_the_first_all_at_once(relay):
    send = ledger.enlist(edition(readers=20).pk)
    assert (send.state, comparing.readers(send.pk)) == (Send.State.SENDING, {})
    assert had(send)["b"] == set()


def test_what_was_agreed_to_holds_for_either_subject(relay, settings, bob):
    settings.DELIVERY = settings.DELIVERY | {"approve_from": 10}
    send = approving.enlist(edition().pk)
    approving.agree(send.pk, bytes(Approval.objects.get().hash).hex(), bob, "read both")
    go(send, in_wave=True)
    comparing.choose(send.pk, "b", bob, "it is better")
    go(send, in_wave=False)
    assert not Chunk.objects.filter(state="stuck").exists()
    assert ledger.totals(send.pk).settled == 80


def test_readers_that_were_changed_after_it_was_agreed_to_are_not_sealed_anew(relay, settings, bob):
    settings.DELIVERY = settings.DELIVERY | {"approve_from": 10}
    send = approving.enlist(edition().pk)
    approving.agree(send.pk, bytes(Approval.objects.get().hash).hex(), bob, "read both")
    go(send, in_wave=True)
    altered = Chunk.objects.filter(send=send, in_wave=False).first()
    Chunk.objects.filter(pk=altered.pk).update(recipients=[*altered.recipients[1:], altered.recipients[1]])
    comparing.choose(send.pk, "b", bob, "it is better")
    go(send, in_wave=False)
    assert list(Chunk.objects.filter(state="stuck").values_list("pk", flat=True)) == [altered.pk]
