"""The audit log cannot be quietly edited: `dispatch audit verify` says what is broken, and where."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from django.db import connection
from django.db.models import ProtectedError

from dispatch import cli
from dispatch.accounts import audit
from dispatch.accounts.models import AuditEntry, Role, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return User.objects.create_user("alice@example.org", name="Alice", role=Role.OPERATOR)


@pytest.fixture
def entries(alice):
    return [audit.record(alice, "send.pause", f"send:{number}", "a reason") for number in range(1, 5)]


@pytest.fixture
def verify(capsys):
    """verify("--since", …): its exit status and what it says."""

    def run(*arguments):
        status = cli.main(["audit", "verify", *arguments])
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


def change(entry, **fields):
    AuditEntry.objects.filter(pk=entry.pk).update(**fields)


def test_a_log_that_nobody_touched_holds_and_its_newest_hash_is_told(entries, verify):
    status, said = verify()
    assert status == 0
    assert "4 entries" in said
    assert said.splitlines()[-1] == bytes(entries[-1].hash).hex()


def test_an_empty_log_is_no_broken_one(verify):
    assert verify() == (0, "The audit log is empty.\n")


@pytest.mark.parametrize("fields", [{"reason": "another"}, {"act": "send.resume"}, {"target": "send:9"}, {"who": None}])
def test_an_edited_entry_is_named(entries, verify, fields):
    change(entries[1], **fields)
    status, said = verify()
    assert status == 1
    assert f"Entry {entries[1].pk} (" in said
    assert "does not say what it said" in said


def test_an_entry_taken_out_shows_between_its_neighbours(entries, verify):
    entries[1].delete()
    status, said = verify()
    assert status == 1
    assert f"Entry {entries[2].pk} (" in said
    assert f"does not follow from {entries[0].pk} (" in said


def test_the_first_entries_taken_out_show(entries, verify):
    entries[0].delete()
    status, said = verify()
    assert status == 1
    assert f"Entry {entries[1].pk} (" in said
    assert "stands first" in said


def test_an_edit_that_mends_its_own_hash_shows_at_the_next_entry(entries, verify):
    second = entries[1]
    forged = audit._digest(bytes(second.previous), second.at, second.who_id, second.act, second.target, "another")
    change(second, reason="another", hash=forged)
    status, said = verify()
    assert status == 1
    assert f"Entry {entries[2].pk} (" in said


def test_entries_cut_off_at_the_end_show_against_a_hash_kept_elsewhere(entries, verify):
    kept = verify()[1].splitlines()[-1]
    assert verify("--since", kept)[0] == 0
    entries[-1].delete()
    assert verify()[0] == 0
    status, said = verify("--since", kept)
    assert status == 1
    assert "was cut off" in said


def test_a_hash_that_is_none_is_told(verify, capsys):
    with pytest.raises(SystemExit) as ended:
        verify("--since", "abc")
    assert ended.value.code == 2
    assert "64 hexadecimal digits" in capsys.readouterr().err


@pytest.mark.django_db(transaction=True)
def test_entries_written_at_once_make_one_chain(alice):
    def write(number):
        with closing(connection):
            return audit.record(alice, "send.pause", f"send:{number}").pk

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(write, range(40)))) == 40
    assert audit.verify() is None


def test_who_is_in_the_audit_log_cannot_be_deleted_out_of_it(alice):
    audit.record(alice, "send.pause", "send:1")
    with pytest.raises(ProtectedError):
        alice.delete()
