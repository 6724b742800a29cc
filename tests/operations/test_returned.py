"""What Health says of the ways by which bounces are heard."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dispatch.delivery.bounces import ears
from dispatch.delivery.models import Ear, Mailbox
from dispatch.operations import returned

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
