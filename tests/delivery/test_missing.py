"""Who is missing from a send, why, and sending to exactly those."""

import json

import pytest

from dispatch import cli, vault
from dispatch.accounts.models import AuditEntry, User
from dispatch.delivery import acts, closing, events, forgetting, ledger, missing, progress, sending
from dispatch.delivery.models import Chunk, Relay, Send
from dispatch.outcomes import Deferred, Refused, Sent, Unknown

pytestmark = pytest.mark.django_db
ANSWERS = {
    "alice": Sent(),
    "bob": Refused(reason="gone", code="550 5.1.1"),
    "charlie": Unknown(reason="no reply"),
    "dora": Sent(),
    "emil": Sent(),
    "fatima": Deferred(until=None, reason="greylisted", code="450 4.2.0"),
}


@pytest.fixture
def cast(newsletter, subscribe):
    newsletter.ambiguity = "never_twice"
    newsletter.save()
    return {name: subscribe(name).pk for name in ANSWERS}


@pytest.fixture
def send(cast, edition, fake):
    """Over: three have it, of whom Dora complained and Emil bounced; nobody knows of Charlie; Fatima was let go."""
    fake.answer = lambda message: ANSWERS[message.recipient.partition("@")[0]]
    send = ledger.enlist(edition.pk)
    sending.send_chunk(send.pk, 1)
    events.record(send.pk, cast["dora"], "complained")
    events.record(send.pk, cast["emil"], "bounced", "5.1.1")
    acts.drop(send.pk, None, "old by now", state="deferred")
    assert closing.close(send) == "finished"
    fake.answer = lambda _: Sent()
    fake.taken.clear()
    return send


def test_the_missing_are_counted_by_reason_and_named_by_number(send, cast):
    counted = {(reason.fate, reason.code): reason.readers for reason in missing.reasons(send.pk)}
    assert counted == {
        ("refused", "550 5.1.1"): 1,
        ("unknown", "ambiguous"): 1,
        ("bounced", "5.1.1"): 1,
        ("cancelled", "450 4.2.0"): 1,
    }
    named = {absent.reader: absent.fate for absent in missing.readers(send.pk)}
    assert named == {
        cast["bob"]: "refused",
        cast["charlie"]: "unknown",
        cast["emil"]: "bounced",
        cast["fatima"]: "cancelled",
    }


def test_while_it_goes_those_who_wait_are_missing_too(cast, edition, fake):
    send = ledger.enlist(edition.pk)
    ledger.advance(ledger.claim(send.pk, 1), ledger.Answers(), settled=0, ahead=1)
    assert {reason.fate: reason.readers for reason in missing.reasons(send.pk)} == {"untouched": 5, "in_flight": 1}
    assert len(list(missing.readers(send.pk))) == 6


def test_it_is_sent_to_exactly_those_who_surely_have_nothing(send, cast, fake):
    assert missing.sendable(send.pk) == 2
    assert missing.send_to(send.pk, None, "their server was down") == 2
    sending.send_chunk(send.pk, 2)
    assert {message.recipient for message in fake.taken} == {"bob@example.org", "fatima@example.org"}
    assert closing.close(Send.objects.get()) == "finished"
    assert progress.of_send(send.pk).exceptions == {"unknown": 1, "complained": 1, "bounced": 1}
    assert AuditEntry.objects.latest("pk").act == "send.missing"
    assert missing.send_to(send.pk, None, "again") == 0


def test_after_a_cancel_it_can_still_go_to_those_who_were_not_written_to(cast, edition, fake):
    send = ledger.enlist(edition.pk)
    acts.cancel(send.pk, None, "the wrong photo")
    assert closing.close(send) == "cancelled"
    assert missing.send_to(send.pk, None, "it was the right one") == 6
    sending.send_chunk(send.pk, 2)
    assert len(fake.taken) == 6


def test_who_was_once_in_doubt_may_have_it_and_gets_no_other(newsletter, cast, edition, fake):
    newsletter.ambiguity = "resend_once"
    newsletter.save()
    fake.answer = lambda _: Unknown(reason="no reply")
    send = ledger.enlist(edition.pk)
    sending.send_chunk(send.pk, 1)
    assert acts.drop(send.pk, None, "enough", state="deferred") == 5
    acts.cancel(send.pk, None, "enough")
    closing.close(send)
    in_doubt = {absent.reader for absent in missing.readers(send.pk)} - set(Chunk.objects.get(number=1).recipients[5:])
    assert missing.send_to(send.pk, None, "to the rest") == 1
    fake.answer = lambda _: Sent()
    Relay.objects.update(breaker="closed")  # five replies that never came had opened it
    sending.send_chunk(send.pk, 2)
    assert {ledger.fate(send.pk, reader) for reader in in_doubt} == {"cancelled"}
    assert len(fake.taken) == 1


def test_what_was_taken_back_goes_to_nobody(send):
    send.edition.state = "withdrawn"
    send.edition.save()
    assert missing.sendable(send.pk) == missing.send_to(send.pk, None, "let us see") == 0


def test_a_week_later_the_totals_say_how_many_and_nobody_is_named(send, capsys):
    Send.objects.update(finished_at="2020-01-01T00:00Z")
    assert forgetting.begin() == 1
    assert sum(reason.readers for reason in missing.reasons(send.pk)) == 4
    assert list(missing.readers(send.pk)) == []
    assert missing.send_to(send.pk, None, "late") == 0
    assert cli.main(["send", "missing", str(send.pk)]) == 0
    assert "The details are gone" in capsys.readouterr().out


def test_send_missing_tells_counts_and_numbers_and_no_address(send, cast, capsys):
    assert cli.main(["send", "missing", str(send.pk)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("6 readers, 2 have it.\n")
    assert "1\trefused\t550 5.1.1\n" in told
    assert cli.main(["send", "missing", str(send.pk), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"reader": cast["bob"], "fate": "refused", "code": "550 5.1.1"} in found["readers"]
    assert "example.org" not in json.dumps(found)


def test_addresses_are_for_operators_and_stand_in_the_audit_log(send, cast, capsys):
    User.objects.create_user("olga@example.org", name="Olga", role="operator")
    User.objects.create_user("ed@example.org", name="Ed", role="editor")
    asked = ["send", "missing", str(send.pk), "--addresses"]
    assert cli.main([*asked, "--by", "ed@example.org", "--reason", "curious"]) == 1
    assert cli.main([*asked, "--by", "olga@example.org"]) == 1
    before = AuditEntry.objects.count()
    assert cli.main([*asked, "--by", "olga@example.org", "--reason", "we write by hand"]) == 0
    assert f"{cast['bob']}\tbob@example.org\n" in capsys.readouterr().out
    assert AuditEntry.objects.count() == before + 1
    assert AuditEntry.objects.latest("pk").reason == "we write by hand"


def test_a_whole_list_does_not_leave_this_way(send, monkeypatch, capsys):
    monkeypatch.setattr(missing, "ADDRESSES", 2)
    monkeypatch.setattr(vault, "unseal", lambda *_: 1 / 0)
    User.objects.create_user("olga@example.org", name="Olga", role="operator")
    words = ["send", "missing", str(send.pk), "--addresses", "--by", "olga@example.org", "--reason", "all of them"]
    assert cli.main(words) == 1
    assert "Ask for an export" in capsys.readouterr().err


def test_sends_are_listed_by_number(send, capsys):
    assert cli.main(["send", "list"]) == 0
    assert capsys.readouterr().out.startswith(f"{send.pk}\toffice\tfinished\t6\t")
    assert cli.main(["send", "missing", "99999"]) == 1
