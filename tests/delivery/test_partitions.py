"""Each send's exceptions are a table of their own: to add or drop one holds nobody up, and what is dropped leaves totals."""

import threading

import pytest
from django.db import OperationalError, connection, transaction

from dispatch import queue
from dispatch.articles.models import Story
from dispatch.audience.models import Subscription
from dispatch.delivery import closing, forgetting, ledger, progress, sending, statements
from dispatch.delivery.ledger import Answers, Except
from dispatch.delivery.models import Send
from dispatch.editions.models import EditionStory
from dispatch.outcomes import Refused

pytestmark = pytest.mark.django_db(transaction=True)


def meanwhile(act):
    """Run it on another connection, which waits for nobody longer than a moment; what it raised."""
    raised = []

    def run():
        try:
            statements.run("SET lock_timeout = '100ms'")
            act()
        except OperationalError as error:
            raised.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    return raised


def test_while_an_audience_is_enlisted_other_sends_write_down_their_exceptions(
    make_edition, subscribe, newsletter, monkeypatch
):
    alice = subscribe("alice")
    first = ledger.enlist(make_edition("story:1").pk)
    claimed = ledger.claim(first.pk, 1)
    ledger.advance(claimed, Answers(), settled=0, ahead=1)
    refused = Answers(excepts=[Except(alice.pk, "refused", "550 5.1.1")])
    raised = []

    def others(*_):
        raised.extend(meanwhile(lambda: ledger.advance(claimed, refused, settled=1, ahead=1)))

    monkeypatch.setattr(queue, "enqueue", others)  # the last thing that enlisting does before its commit
    ledger.enlist(make_edition("story:2").pk)
    assert raised == []
    assert ledger.fate(first.pk, alice.pk) == "refused"


@pytest.fixture
def ended(edition, subscribe, fake):
    """A send that ended long ago, in which Alice was refused."""
    subscribe("alice")
    fake.answer = lambda _: Refused(reason="gone", code="550 5.1.1")
    send = ledger.enlist(edition.pk)
    sending.send_chunk(send.pk, 1)
    closing.close(send)
    Send.objects.update(finished_at="2020-01-01T00:00Z")
    return send


def test_nobody_is_forgotten_while_a_further_edition_asks_who_they_were(ended, subscribe, make_edition, monkeypatch):
    story, newsletter = Story.objects.create(key="s"), ended.edition.newsletter
    further = make_edition("story:1/be", ("be",))
    EditionStory.objects.create(edition=ended.edition, newsletter=newsletter, story=story)
    EditionStory.objects.create(edition=further, newsletter=newsletter, story=story, is_further=True)
    Subscription.objects.update(language="be")  # Alice, who was to have it in English
    subscribe("bob", language="be")
    begun = []

    def meanwhile_the_clock(*_):
        meanwhile(lambda: begun.append(forgetting.begin()))

    monkeypatch.setattr(queue, "enqueue", meanwhile_the_clock)  # the last thing that enlisting does before its commit
    assert ledger.enlist(further.pk).frozen_count == 1
    assert begun == [0]
    assert forgetting.begin() == 1


def test_exceptions_are_dropped_and_the_totals_stay(ended):
    assert forgetting.begin() == 1
    assert statements.value("SELECT count(*) FROM pg_class WHERE relname = %s", f"delivery_exception_{ended.pk}") == 0
    assert progress.of_send(ended.pk).exceptions == {"refused": 1}
    assert progress.of_send(ended.pk).balances
    assert forgetting.begin() == 0


def test_dropping_waits_for_nobody_and_comes_back_later(ended):
    with transaction.atomic():
        statements.value("SELECT count(*) FROM delivery_exception")  # someone reads, and does not end
        assert meanwhile(forgetting.begin) == []
        assert Send.objects.get().totals == {}
    assert forgetting.begin() == 1
