"""What a dead worker really sent is known from its journal, where its death is proved."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest
from django.conf import settings
from django.db import OperationalError

from dispatch.delivery import journal, ledger, sending
from dispatch.delivery.models import Ambiguity, Chunk
from dispatch.outcomes import Sent

NOBODY_KNOWS = journal.Left(5, [2, 3, 4], [], [])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setitem(settings.DELIVERY, "journal", tmp_path)
    return tmp_path


def leave_behind(*marks, chunk=1, token=1):
    """As a process that was killed would."""
    mine = journal.Journal(chunk, token, len(marks))
    for place, what in enumerate(marks):
        mine.mark(place, what)
    mine.marks.close()
    os.close(mine.file)


def test_letters_that_left_without_an_answer_are_doubted_and_no_others():
    leave_behind(2, 2, 2, 1, 3, 0, 1, 0, 0)
    assert journal.left_behind(1, 1, 2, 9) == journal.Left(7, doubted=[3, 6], accepted=[2], unsettled=[4, 5])


def test_where_nothing_left_nothing_is_doubted():
    leave_behind(2, 2, 0, 0, 0)
    assert journal.left_behind(1, 1, 2, 5) == journal.Left(2, [], [], [])


def test_without_a_journal_everything_written_ahead_is_doubted(monkeypatch):
    assert journal.left_behind(1, 1, 2, 5) == NOBODY_KNOWS
    leave_behind(2, 2, 0, 0, 0)
    monkeypatch.setitem(settings.DELIVERY, "journal", None)
    assert journal.left_behind(1, 1, 2, 5) == NOBODY_KNOWS


def test_an_owner_that_lives_proves_nothing_however_frozen(tmp_path):
    program = f"""
        import sys, django
        django.setup()
        from pathlib import Path
        from django.conf import settings
        settings.DELIVERY["journal"] = Path({str(tmp_path)!r})
        from dispatch.delivery import journal
        mine = journal.Journal(1, 1, 5)
        mine.mark(0, 2)
        print("ready", flush=True)
        sys.stdin.read()
    """
    owner = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with owner:
        assert owner.stdout.readline() == b"ready\n"
        owner.send_signal(signal.SIGSTOP)
        assert journal.left_behind(1, 1, 2, 5) == NOBODY_KNOWS
        owner.kill()
        owner.wait()
        assert journal.left_behind(1, 1, 0, 5) == journal.Left(1, [], [0], [])


def test_a_machine_that_started_anew_proves_nothing(monkeypatch):
    leave_behind(2, 2, 0, 0, 0)
    monkeypatch.setattr(journal, "_boot", lambda: b"another start\n")
    assert journal.left_behind(1, 1, 2, 5) == NOBODY_KNOWS


def test_where_no_file_can_be_kept_mail_goes_out_all_the_same(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setitem(settings.DELIVERY, "journal", tmp_path / "file" / "journal")
    with journal.Journal(1, 1, 5) as mine:
        mine.mark(0, journal.LEFT)
    assert journal.left_behind(1, 1, 2, 5) == NOBODY_KNOWS


@pytest.mark.django_db
def test_a_journal_is_gone_once_its_chunk_is_given_back(fake, edition, subscribe, folder):
    subscribe("alice")
    sending.send_chunk(ledger.enlist(edition.pk).pk, 1)
    assert list(folder.iterdir()) == []


@pytest.mark.django_db
def test_what_was_answered_while_the_database_was_away_is_in_the_journal(fake, edition, subscribe, monkeypatch):
    people = [subscribe(name) for name in ("alice", "bob")]
    send = ledger.enlist(edition.pk)
    asked = ledger.advance

    def gone(*args, settled, **kwargs):
        if settled:
            raise OperationalError
        return asked(*args, settled=settled, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(ledger, "advance", gone)
        with pytest.raises(OperationalError):
            sending.send_chunk(send.pk, 1)
    Chunk.objects.update(lease_until="2026-01-01T00:00Z")
    sending.send_chunk(send.pk, 1)
    assert [ledger.fate(send.pk, person.pk) for person in people] == ["sent", "sent"]
    assert len(fake.taken) == 2
    assert not Ambiguity.objects.exists()


@pytest.mark.django_db
def test_a_takeover_sends_again_only_what_the_journal_leaves_in_doubt(fake, edition, subscribe):
    people = [subscribe(name) for name in ("alice", "bob", "charlie", "dave")]
    send = ledger.enlist(edition.pk)
    dead = ledger.claim(send.pk, 1)
    ledger.advance(dead, ledger.Answers(), settled=0, ahead=4)
    leave_behind(journal.ACCEPTED, journal.LEFT, journal.ANSWERED, 0, chunk=dead.chunk, token=dead.token)
    Chunk.objects.update(lease_until="2026-01-01T00:00Z")
    fake.answer = lambda _: Sent()
    sending.send_chunk(send.pk, 1)
    assert [message.recipient for message in fake.taken] == ["dave@example.org"]
    fates = [ledger.fate(send.pk, person.pk) for person in people]
    assert fates == ["sent", "deferred", "deferred", "sent"]
    assert Ambiguity.objects.values_list("first", "last").get() == (1, 1)
    assert [number for _, number in ledger.promote_due()] == [2]
    sending.send_chunk(send.pk, 2)
    assert [message.recipient for message in fake.taken] == ["dave@example.org", "charlie@example.org"]
