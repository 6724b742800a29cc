"""What Health says of the ways by which bounces are heard."""

import importlib
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from dispatch.delivery.bounces import ears
from dispatch.delivery.models import Ear, Mailbox
from dispatch.operations import returned
from dispatch.operations.items import providers
from dispatch.operations.models import Flow, ReturnedShare

pytestmark = pytest.mark.django_db


def states():
    return {check.part: check.state for check in returned.checks()}


def test_where_nothing_is_set_up_nothing_is_said():
    assert states() == {}


def test_letters_that_come_back_to_nobody_are_told(settings):
    settings.BOUNCES = {**settings.BOUNCES, "domain": "bounces.example.org"}
    assert states() == {"Bounces": "todo"}


def test_a_mailbox_is_well_while_it_is_asked():
    box = Mailbox.objects.create(name="main", url=b"")
    assert states() == {"Mailbox main": "todo"}
    Mailbox.objects.update(asked_at=timezone.now())
    assert states() == {"Mailbox main": "ok"}
    Mailbox.objects.update(trouble="it hung up")
    (found,) = returned.checks()
    assert (found.state, found.words) == ("todo", "Asked just now: it hung up.")
    box.delete()


def test_the_intake_is_missed_once_it_was_there():
    ears.note("intake", alive=True, heard=3)
    assert states() == {"Intake": "ok"}
    Ear.objects.update(alive_at=timezone.now() - timedelta(minutes=2))
    assert states() == {"Intake": "todo"}


def test_a_webhook_that_does_not_prove_itself_is_told_until_one_does(settings):
    settings.MAIL_WEBHOOKS = {"postmark": "a:b"}
    assert states() == {"Bounces from postmark": "ok"}
    ears.note("webhook:postmark", refused=1)
    Ear.objects.update(refused_at=timezone.now() - timedelta(minutes=1))
    assert states() == {"Bounces from postmark": "todo"}
    ears.note("webhook:postmark", heard=1)
    assert states() == {"Bounces from postmark": "ok"}


def flowed(part, *, days=0, **counts):
    for outcome, count in counts.items():
        at = timezone.now() - timedelta(days=days)
        Flow.objects.create(at=at, kind="mail", part=part, outcome=outcome, count=count)
    returned.sum_up()


def test_complaints_that_providers_bear_are_no_trouble_and_more_are():
    flowed("main/1", sent=10_000, complaint=20, hard=300)
    assert list(returned.borne()) == []
    flowed("main/2", sent=1_000, complaint=5, hard=60)
    found = [(check.part, check.state, check.words) for check in returned.borne()]
    provider = providers.NAMES[2]
    assert found == [
        (f"{provider} by main".capitalize(), "todo", f"{what}.")
        for what in (
            "0.5% of three days' letters through it were complained of as spam: 5",
            "6.0% of three days' letters through it were to mailboxes that are not there: 60",
        )
    ]


def test_a_few_complaints_and_those_of_last_week_say_nothing():
    flowed("main/1", sent=100, complaint=4)
    flowed("main/1", days=4, complaint=100)
    assert list(returned.borne()) == []


def test_what_came_back_is_summed_anew_until_it_is_older_than_three_days():
    flowed("main/1", sent=100, hard=10)
    flowed("main/1", sent=100, hard=10, complaint=9)
    assert [(share.kind, share.count, share.letters) for share in returned.shares()] == [
        ("complaint", 9, 200),
        ("hard", 20, 200),
    ]
    Flow.objects.filter(outcome="hard").update(at=F("at") - timedelta(days=4))
    returned.sum_up()
    assert [share.kind for share in returned.shares()] == ["complaint"]


def test_an_upgrade_sums_what_came_back_before_it():
    flowed("main/1", sent=200, hard=20, complaint=9)
    flowed("main/2", days=4, sent=200, hard=20)
    before = returned.shares()
    ReturnedShare.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(importlib.import_module("dispatch.operations.migrations.0006_returned_shares").SUM)
    assert returned.shares() == before != []


def test_a_mailbox_that_nobody_could_read_for_hours_says_since_when():
    read = timezone.now() - timedelta(hours=3)
    Mailbox.objects.create(name="main", url=b"", asked_at=timezone.now(), trouble="it hung up", read_at=read)
    (found,) = returned.checks()
    assert found.words == "Asked just now: it hung up. It was last read 3 h ago."
