"""Letters that readers asked for, at the desk: how many wait or came to nothing and why, and never whose they are."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch import vault
from dispatch.accounts.models import AuditEntry
from dispatch.audience import letters as written
from dispatch.audience.models import Letter
from dispatch.delivery import correspondence, letters, relays
from dispatch.delivery.mailers.fake import Fake
from dispatch.operations import overdue, stats
from dispatch.outcomes import Deferred, Refused

pytestmark = pytest.mark.django_db
QUEUE = "/operations/queue/"
Kind = Letter.Kind


@pytest.fixture
def alice(client):
    return newsroom.signed_in(client)


@pytest.fixture
def answers(monkeypatch):
    """What the relay says to each letter, in turn; what is written and sent by asked(kind)."""
    newsroom.relay()
    said = []
    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(lambda message: said.pop(0)))
    return said


@pytest.fixture
def asked():
    office = newsroom.newsletter()

    def ask(kind, name="bob", *, is_sent=True):
        letter = written.write(kind, office, "en", f"{name}@example.org")
        if is_sent:
            letters.send(letter.pk)
        return letter

    return ask


@pytest.fixture
def mixed(answers, asked):
    """A confirmation deferred, one refused, and a link to preferences that nobody has tried yet."""
    answers += [Deferred(until=None, reason="grey", code="450 4.2.0"), Refused(reason="gone", code="550 5.1.1")]
    return asked(Kind.CONFIRM, "bob"), asked(Kind.CONFIRM, "charlie"), asked(Kind.PREFERENCES, is_sent=False)


def row(heap):
    return heap.kind, heap.state, heap.code, heap.count, heap.may_act


def test_they_are_counted_by_kind_and_reason(mixed):
    assert sorted(map(row, correspondence.heaps())) == [
        ("confirm", "deferred", "450 4.2.0", 1, True),
        ("confirm", "refused", "550 5.1.1", 1, False),
        ("preferences", "waiting", "", 1, True),
    ]
    board = stats.counts()["letter"]
    assert [board[column].count for column in stats.COLUMNS] == [1, 0, 1, 1, 0]


def test_what_came_to_nothing_is_shown_for_a_day(mixed):
    Letter.objects.filter(state="refused").update(written_at=timezone.now() - timedelta(hours=25))
    assert "refused" not in {heap.state for heap in correspondence.heaps()}
    assert stats.counts()["letter"]["failed"].count == 0


def test_the_page_says_how_many_and_why_and_not_who(alice, mixed):
    page = alice.get(QUEUE).content.decode()
    assert "Confirmations of a sign-up" in page
    assert "550 5.1.1" in page
    assert "@example.org" not in page
    assert not any(vault.blind_index(f"{name}@example.org").hex() in page for name in ("bob", "charlie"))


def test_those_that_wait_are_tried_again_at_once(alice, mixed):
    deferred, _, untried = mixed
    assert deferred.pk not in letters.due()
    answer = alice.post(f"{QUEUE}letters/confirm/retry", {"reason": "the relay is mended"}, follow=True)
    assert "1 letter tried again now." in answer.content.decode()
    assert set(letters.due()) == {deferred.pk, untried.pk}
    entry = AuditEntry.objects.get(act="letters.retry")
    assert (entry.target, entry.reason) == ("letters:confirm", "the relay is mended")


def test_those_that_are_dropped_leave_no_address_behind(alice, mixed):
    deferred, _, untried = mixed
    answer = alice.post(f"{QUEUE}letters/confirm/drop", {"reason": "a flood"}, follow=True)
    assert "1 letter dropped." in answer.content.decode()
    deferred.refresh_from_db()
    untried.refresh_from_db()
    assert (deferred.state, deferred.address, untried.state) == ("dropped", None, "waiting")
    letters.send(deferred.pk)
    deferred.refresh_from_db()
    assert deferred.state == "dropped"
    answer = alice.post(f"{QUEUE}letters/confirm/drop", {"reason": "a flood"}, follow=True)
    assert "None of them waited any more" in answer.content.decode()
    assert AuditEntry.objects.filter(act="letters.drop").count() == 1


@pytest.mark.parametrize("path", ["letters/confirm/read", "letters/love/drop"])
def test_nothing_else_can_be_done_to_them(alice, path):
    assert alice.post(QUEUE + path, {"reason": "just so"}).status_code == 404


def test_without_a_reason_nothing_is_dropped(alice, mixed):
    alice.post(f"{QUEUE}letters/confirm/drop", {"reason": ""})
    assert Letter.objects.filter(state="waiting").count() == 2


def test_health_says_that_readers_wait(mixed):
    (found,) = overdue.letters()
    assert (found.state, found.words) == ("todo", "1 letter that readers asked for came to nothing within a day.")
    Letter.objects.filter(state="waiting").update(written_at=timezone.now() - timedelta(minutes=12))
    (found,) = overdue.letters()
    assert found.words == "2 letters that readers asked for wait, the oldest for 12 min."
    Letter.objects.all().delete()
    (found,) = overdue.letters()
    assert found.state == "ok"
