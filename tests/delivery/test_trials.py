"""Test letters: what arrives is marked and harmless, nobody is counted as a reader, and each outcome is told."""

import re
from datetime import timedelta
from email import message_from_bytes, policy

import newsroom
import pytest
from django.utils import timezone

from dispatch import queue, vault
from dispatch.accounts import stopping
from dispatch.audience import addresses, tokens
from dispatch.audience.models import Subscriber
from dispatch.delivery import relays, trials
from dispatch.delivery.mailers.base import Trouble
from dispatch.delivery.models import Relay, TeamAddress, Trial
from dispatch.editions import phrasing, planning
from dispatch.editions.models import Edition
from dispatch.outcomes import Deferred, Refused, Unknown

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(db):
    return newsroom.person("editor", "Alice")


@pytest.fixture
def edition(monkeypatch, fake):
    monkeypatch.setattr(queue, "enqueue", lambda *_: None)
    newsroom.newsletter("daily", cadence="daily", languages=["en", "be"])
    for article in newsroom.story("en", "be").articles.all():
        planning.plan(article)
    return Edition.objects.get()


def sent(edition, by, *languages, to_team=False):
    trials.ask(edition, by, languages, to_team=to_team)
    for number in Trial.objects.filter(state="waiting").order_by("pk").values_list("pk", flat=True):
        trials.send(number)
    return list(Trial.objects.order_by("pk"))


def test_it_is_marked_and_says_what_was_written_a_moment_ago(edition, alice, fake):
    phrasing.save(edition.pk, "en", phrasing.Said("Rivers", intro="Good morning"), 0, alice)
    (trial,) = sent(edition, alice, "en")
    assert (trial.state, trial.address, trial.label) == ("sent", None, "you")
    made = message_from_bytes(fake.taken[0].whole(), policy=policy.default)
    assert (made["To"], made["Subject"]) == ("alice@example.org", "[Test] Rivers")
    assert "Good morning" in made.get_body(("plain",)).get_content()


def test_its_links_to_leave_are_nobodys(edition, alice, fake, client):
    newsroom.readers(edition.newsletter, en=1)
    sent(edition, alice, "en")
    made = message_from_bytes(fake.taken[0].whole(), policy=policy.default)
    token = re.search(r"/leave/([a-z2-7]{26})", made["List-Unsubscribe"])[1]
    assert tokens.find(token) is None
    assert token in made.get_body(("html",)).get_content()
    client.post(f"/leave/{token}", {"List-Unsubscribe": "One-Click"})
    assert edition.newsletter.subscriptions.filter(state="active").count() == 1


def test_the_team_gets_it_in_each_language_and_is_no_reader(edition, alice, fake):
    assert trials.join(edition.newsletter_id, "Old phone", "Phone@Example.org")
    assert not trials.join(edition.newsletter_id, "The same", "phone@example.org")
    done = sent(edition, alice, "en", "be", to_team=True)
    assert sorted((one.language, one.label) for one in done) == [
        ("be", "Old phone"), ("be", "you"), ("en", "Old phone"), ("en", "you")
    ]  # fmt: skip
    assert {message.recipient for message in fake.taken} == {"alice@example.org", "Phone@example.org"}
    assert Subscriber.objects.count() == 0
    one = TeamAddress.objects.get()
    assert b"hone" not in bytes(one.address)
    assert trials.masked(one) == "P…@example.org"


def test_what_is_no_address_is_not_kept(edition):
    with pytest.raises(addresses.Malformed):
        trials.join(edition.newsletter_id, "Two", "a@example.org, b@example.org")
    assert TeamAddress.objects.count() == 0


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Refused(reason="no", code="550 5.1.1"), ("refused", "550 5.1.1")),
        (Deferred(until=None, reason="later", code="450 4.2.0"), ("deferred", "450 4.2.0")),
        (Unknown(reason="no reply"), ("unknown", "")),
        (Trouble("signing in failed", "535 5.7.8"), ("deferred", "535 5.7.8")),
    ],
)
def test_each_outcome_is_told_and_nothing_is_repeated(edition, alice, fake, answer, told):
    fake.answer = lambda _: answer
    (trial,) = sent(edition, alice, "en")
    assert (trial.state, trial.code, trial.address) == (*told, None)
    trials.send(trial.pk)
    assert Trial.objects.get().state == told[0]


def test_one_person_may_have_so_many_an_hour(edition, alice, fake, monkeypatch):
    monkeypatch.setattr(trials, "AN_HOUR", 3)
    sent(edition, alice, "en", "be")
    with pytest.raises(trials.TooMany, match="you may have 1 test letter more"):
        trials.ask(edition, alice, ["en", "be"], to_team=False)
    assert Trial.objects.count() == 2
    assert trials.ask(edition, newsroom.person("editor", "Bob"), ["en"], to_team=False) == 1
    Trial.objects.update(asked_at=timezone.now() - timedelta(minutes=61))
    assert trials.ask(edition, alice, ["en"], to_team=False) == 1


def test_a_stop_holds_it(edition, alice, fake):
    stop = stopping.stop("newsletter", edition.newsletter_id, alice, "wait")
    (trial,) = sent(edition, alice, "en")
    assert trial.state == "waiting"
    stopping.lift(stop.pk, alice, "go on")
    trials.send(trial.pk)
    assert Trial.objects.get().state == "sent"


def test_without_a_relay_it_waits(edition, alice, fake):
    Relay.objects.update(active=False)
    (trial,) = sent(edition, alice, "en")
    assert trial.state == "waiting"


def test_one_whose_worker_died_is_unknown_and_is_not_sent_again(edition, alice, fake):
    trials.ask(edition, alice, ["en"], to_team=False)
    Trial.objects.update(state="sending", claimed_at=timezone.now())
    number = Trial.objects.get().pk
    trials.send(number)
    assert Trial.objects.get().state == "sending"
    Trial.objects.update(claimed_at=timezone.now() - trials.LEASE - timedelta(seconds=1))
    assert trials.due() == [number]
    trials.send(number)
    assert (Trial.objects.get().state, fake.taken) == ("unknown", [])


def test_a_language_that_is_gone_is_said(edition, alice, fake):
    (trial,) = sent(edition, alice, "uk")
    assert (trial.state, trial.trouble) == ("refused", "There is no letter in uk any more.")


def test_an_address_that_no_key_opens_is_no_letter(edition, alice, fake):
    trials.ask(edition, alice, ["en"], to_team=False)
    Trial.objects.update(address=vault.seal("alice@example.org", "elsewhere"))
    trials.send(Trial.objects.get().pk)
    assert Trial.objects.get().state == "refused"


def test_they_are_forgotten_after_a_week(edition, alice, fake):
    sent(edition, alice, "en")
    Trial.objects.update(asked_at=timezone.now() - trials.KEPT - timedelta(hours=1))
    trials.forget()
    assert not Trial.objects.exists()
    assert relays.choose()
