"""A big or odd send waits for a second person, who agrees to exactly what leaves."""

import newsroom
import pytest

from dispatch.accounts import audit
from dispatch.accounts.models import AuditEntry
from dispatch.audience.models import Subscription
from dispatch.delivery import acts, approving, ledger
from dispatch.delivery.models import Approval, Chunk, Send
from dispatch.editions.models import Variant

pytestmark = pytest.mark.django_db
State = Send.State


@pytest.fixture(autouse=True)
def rules(settings):
    """Above five readers; odd from two on."""
    settings.DELIVERY = settings.DELIVERY | {"approve_from": 5, "approve_odd_from": 2, "chunk": 2}


@pytest.fixture
def office():
    return newsroom.newsletter()


@pytest.fixture
def bob():
    return newsroom.person("approver", "Bob")


def enlisted(office, readers, **by_language):
    newsroom.readers(office, en=readers, **by_language)
    return approving.enlist(newsroom.edition(office, newsroom.story("en")).pk)


def seen(send):
    return bytes(Approval.objects.get(send=send).hash).hex()


def test_a_big_send_leaves_when_a_second_person_agrees(office, bob):
    send = enlisted(office, 6)
    assert (send.state, send.approval.why) == (State.DRAFT, "It goes to 6 readers: more than 5.")
    assert ledger.claim(send.pk, 1) is None
    assert ledger.due_chunks() == []
    assert approving.agree(send.pk, seen(send), bob, "read it")
    send.refresh_from_db()
    assert send.state == State.SENDING
    assert ledger.claim(send.pk, 1)
    assert not approving.agree(send.pk, seen(send), bob, "again")
    assert list(AuditEntry.objects.values_list("act", "who")) == [("send.ask", None), ("send.approve", bob.pk)]


def test_a_doorbell_rung_twice_asks_once_and_never_asks_again(office, bob):
    send = enlisted(office, 6)
    assert approving.enlist(send.edition_id) == send
    approving.agree(send.pk, seen(send), bob, "read it")
    assert approving.enlist(send.edition_id).state == State.SENDING
    assert Approval.objects.count() == 1


@pytest.mark.parametrize(
    ("before", "now", "waits"),
    [
        (0, 1, ""),  # too few to be odd
        (0, 3, "It is the first of its newsletter, and goes to 3 readers."),
        (2, 4, ""),  # twice as many
        (1, 4, "It goes to 4 readers; the newsletter never went to more than 1."),
        (5, 5, ""),
    ],
)
def test_an_odd_one_is_much_larger_than_any_before(office, settings, before, now, waits):
    settings.DELIVERY = settings.DELIVERY | {"approve_odd_from": 3}
    if before:
        newsroom.readers(office, en=before)
        ledger.enlist(newsroom.edition(office, newsroom.story("en")).pk)
    send = enlisted(office, now - before)
    assert Approval.objects.filter(send=send).values_list("why", flat=True).first() == (waits or None)


def test_without_a_limit_nobody_is_asked(office, settings):
    settings.DELIVERY = settings.DELIVERY | {"approve_from": 0}
    assert enlisted(office, 9).state == State.SENDING


def test_whoever_sent_it_is_not_the_second_person(office, bob):
    newsroom.readers(office, en=6)
    edition = newsroom.edition(office, newsroom.story("en"))
    audit.record(bob, "edition.send_now", f"edition:{edition.pk}", "news")
    send = approving.enlist(edition.pk)
    assert send.approval.asked_by == bob
    assert not approving.agree(send.pk, seen(send), bob, "I like it")
    assert approving.agree(send.pk, seen(send), newsroom.person("approver"), "I read it, too")


def test_a_changed_body_must_be_agreed_to_anew(office, bob):
    send = enlisted(office, 6)
    before = seen(send)
    Variant.objects.update(html="<p>Something else</p>")
    assert not approving.agree(send.pk, before, bob, "read it")
    assert seen(send) != before
    assert not approving.agree(send.pk, before, bob, "read it")
    assert Send.objects.get().state == State.DRAFT
    assert approving.agree(send.pk, seen(send), bob, "read that, too")


def test_a_changed_audience_must_be_agreed_to_anew(office, bob):
    send = enlisted(office, 6)
    chunk = Chunk.objects.order_by("number").first()
    Chunk.objects.filter(pk=chunk.pk).update(recipients=[chunk.recipients[0], 0])
    assert not approving.agree(send.pk, seen(send), bob, "read it")
    assert AuditEntry.objects.latest("pk").act == "send.changed"


def test_a_reader_who_left_meanwhile_is_left_out_and_nobody_is_asked_again(office, bob):
    send = enlisted(office, 6)
    Subscription.objects.filter(pk=Subscription.objects.first().pk).update(state="left")
    assert approving.agree(send.pk, seen(send), bob, "read it")


def test_a_first_wave_comes_after_it(office, bob, settings):
    settings.DELIVERY = settings.DELIVERY | {"first_wave_from": 5, "first_wave_share": 0.2}
    send = enlisted(office, 10)
    assert send.state == State.DRAFT
    assert approving.agree(send.pk, seen(send), bob, "read it")
    assert Send.objects.get().state == State.FIRST_WAVE


def test_it_may_be_cancelled_instead(office, bob):
    send = enlisted(office, 6)
    assert acts.cancel(send.pk, bob, "a mistake")
    assert not approving.agree(send.pk, seen(send), bob, "too late")
