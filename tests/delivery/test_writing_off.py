"""A send that does not add up has a way out: whoever is unaccounted for is unknown, and nobody is written to for it."""

import json

import newsroom
import pytest

from dispatch import cli
from dispatch.accounts.models import AuditEntry
from dispatch.delivery import closing, ledger, writing_off
from dispatch.delivery.models import Chunk, DeliveryException, Send

pytestmark = pytest.mark.django_db
WHO = ("--by", "alice@example.org", "--reason", "looked at it")


@pytest.fixture
def send():
    """Of three readers two are accounted for: one has it, one was refused; the third was lost by hand."""
    newsroom.person()
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=3)
    newsroom.relay()
    send = newsroom.send(office, newsroom.story("en"))
    claimed = ledger.claim(send.pk, 1)
    refused = ledger.Answers(excepts=[ledger.Except(claimed.recipients[1], "refused", "550 5.1.1")])
    ledger.advance(claimed, refused, settled=2, ahead=2)
    Chunk.objects.update(state=Chunk.State.DONE)
    assert closing.close(send) == "unbalanced"
    return send


def test_whoever_is_unaccounted_for_is_unknown_and_the_rest_stays(send):
    lost = Chunk.objects.get().recipients[2]
    assert writing_off.settle(send.pk, None, "looked at it") == writing_off.Settled("finished", 1)
    found = DeliveryException.objects.order_by("state").values_list("state", "code")
    assert list(found) == [("refused", "550 5.1.1"), ("unknown", "unaccounted")]
    assert DeliveryException.objects.get(state="unknown").subscriber_id == lost
    assert AuditEntry.objects.get(act="send.settle").reason == "1 unknown: looked at it"
    assert Send.objects.get().finished_at is not None


def test_a_send_that_adds_up_is_left_alone(send):
    writing_off.settle(send.pk, None, "looked at it")
    assert writing_off.settle(send.pk, None, "once more") is None


def test_what_is_wrong_otherwise_stays_wrong(send):
    Send.objects.update(frozen_count=4)
    assert writing_off.settle(send.pk, None, "looked at it").state == "unbalanced"


def test_it_is_done_at_a_terminal(send, capsys):
    assert cli.main(["send", "settle", str(send.pk), *WHO]) == 0
    assert capsys.readouterr().out == f"Send {send.pk} is finished now; 1 reader became unknown.\n"
    assert cli.main(["send", "settle", str(send.pk), *WHO]) == 1
    assert "is finished; nothing was changed" in capsys.readouterr().err


def test_programs_are_told(send, capsys):
    assert cli.main(["send", "settle", str(send.pk), *WHO, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"send": send.pk, "state": "finished", "unknown": 1}
