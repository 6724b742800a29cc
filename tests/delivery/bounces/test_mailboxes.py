"""A mailbox is read over a real IMAP line with TLS, and marked only after what it says is written down."""

from datetime import timedelta

import certificates
import imap_server
import pytest
from django.utils import timezone

from dispatch.accounts.models import AuditEntry
from dispatch.audience.models import Suppression
from dispatch.delivery.bounces import mailboxes, recording
from dispatch.delivery.commands import mailbox as command
from dispatch.delivery.models import Ear, Mailbox
from dispatch.operations import returned

pytestmark = pytest.mark.django_db
STRANGE = b"From: charlie@example.org\r\nSubject: Hello\r\n\r\nHello\r\n"


@pytest.fixture
def server(tmp_path):
    made = imap_server.Imap(certificates.make(tmp_path))
    yield made
    made.close()


@pytest.fixture
def box(server):
    return mailboxes.save("main", server.url)


def test_what_came_is_recorded_and_marked_as_seen(sends, mail, server, box):
    alice, first, _ = sends
    server.put(mail("hard.qmail", first, alice), STRANGE)
    assert mailboxes.ask(box.pk) == 2
    assert Suppression.objects.get().reason == "bounced"
    assert server.flags() == [["\\Seen"], ["\\Seen"]]
    assert mailboxes.ask(box.pk) == 0
    heard = Ear.objects.get(way="mailbox:main")
    assert (heard.heard, heard.refused) == (1, 1)


def test_where_it_is_to_delete_strangers_mail_stays(sends, mail, server):
    alice, first, _ = sends
    box = mailboxes.save("main", f"{server.url}&after=delete")
    server.put(mail("hard.qmail", first, alice), STRANGE)
    mailboxes.ask(box.pk)
    assert [content for content, _ in server.messages.values()] == [STRANGE]


def test_a_line_that_breaks_before_the_mark_brings_it_again_and_it_counts_once(sends, mail, server, box):
    alice, first, _ = sends
    server.put(mail("soft.gmail_full", first, alice))
    server.breaks_at = "UID STORE"
    mailboxes.ask(box.pk)
    assert server.flags() == [[]]
    assert Mailbox.objects.get().trouble
    mailboxes.ask(box.pk)
    assert server.flags() == [["\\Seen"]]
    assert Mailbox.objects.get().trouble == ""
    assert first.returned.get().count == 1


@pytest.fixture
def hurting(monkeypatch):
    """Reading a stranger's mail raises what nobody foresaw."""
    take = recording.take
    monkeypatch.setattr(recording, "take", lambda raw: 1 / 0 if raw == STRANGE else take(raw))


@pytest.mark.usefixtures("hurting")
def test_one_that_cannot_be_read_is_set_aside_unseen_counted_and_never_tried_again(sends, mail, server, box, caplog):
    alice, first, _ = sends
    server.put(STRANGE, mail("hard.qmail", first, alice))
    mailboxes.ask(box.pk)
    assert server.flags() == [["\\Flagged"], ["\\Seen"]]
    assert Mailbox.objects.get().aside == 1
    server.heard.clear()
    mailboxes.ask(box.pk)
    assert not [words for words in server.heard if "FETCH" in words]
    assert Mailbox.objects.get().aside == 1
    (check,) = returned.checks()
    assert (check.state, check.words.partition("; ")[2]) == ("todo", "1 mail could not be read and is set aside there.")
    assert "charlie" not in caplog.text


@pytest.mark.usefixtures("hurting")
def test_however_many_hurt_those_behind_them_are_read(sends, mail, server, box, monkeypatch):
    monkeypatch.setattr(mailboxes, "AT_ONCE", 3)
    alice, first, _ = sends
    server.put(*[STRANGE] * 7, mail("hard.qmail", first, alice))
    for _ in range(3):
        mailboxes.ask(box.pk)
    assert Suppression.objects.get().reason == "bounced"
    assert Mailbox.objects.get().aside == 7


def test_what_was_set_aside_is_read_once_somebody_says_so(sends, mail, server, box, capsys):
    alice, first, _ = sends
    server.put(mail("hard.qmail", first, alice))
    server.messages[1][1].add("\\Flagged")
    assert mailboxes.ask(box.pk) == 0
    assert Mailbox.objects.get().aside == 1
    assert run("again", "main") == 0
    assert "1 mail" in capsys.readouterr().out
    assert mailboxes.ask(box.pk) == 1
    assert (server.flags(), Mailbox.objects.get().aside) == ([["\\Seen"]], 0)
    assert run("again", "other") == 1


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(server):
    box = mailboxes.save("main", server.url.partition("?")[0])
    mailboxes.ask(box.pk)
    assert Mailbox.objects.get().trouble == "its certificate is not trusted"
    assert server.heard == []


def test_a_wrong_password_is_told_without_the_servers_words(server):
    box = mailboxes.save("main", server.url.replace("p4ss%20word", "other"))
    assert mailboxes.knock(box) == "it does not let us in, or has no such folder"


def test_one_that_is_asked_already_is_left_alone_and_asked_once_a_minute(server, box):
    assert mailboxes.due() == [box.pk]
    Mailbox.objects.update(asking_since=timezone.now())
    assert mailboxes.ask(box.pk) == 0
    assert (server.heard, mailboxes.due()) == ([], [])
    Mailbox.objects.update(asking_since=timezone.now() - mailboxes.LEASE * 2)
    assert mailboxes.due() == [box.pk]
    mailboxes.ask(box.pk)
    assert mailboxes.due() == []


@pytest.mark.parametrize(
    "url",
    [
        "http://a:b@host",
        "imaps://host/INBOX",
        "imaps://a@host",
        "imaps://a:b@host:x/",
        "imaps://a:b@h?after=burn",
        "imaps://a:b@h?x=1",
    ],
)
def test_an_address_that_cannot_be_used_is_told(url):
    with pytest.raises(mailboxes.Unusable):
        mailboxes.save("main", url)
    assert not Mailbox.objects.exists()


def test_its_address_is_sealed_and_adding_it_is_in_the_audit_log(box):
    assert b"p4ss" not in bytes(box.url)
    assert AuditEntry.objects.filter(act="mailbox.save", target="mailbox:main").exists()


def run(*arguments):
    import argparse

    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(arguments))


def test_the_command_adds_tests_lists_and_turns_off(server, capsys):
    assert run("add", "main", server.url) == 0
    assert run("test", "main") == 0
    assert run("list") == 0
    assert run("off", "main") == 0
    assert "lets us in" in capsys.readouterr().out
    assert mailboxes.due() == []
    assert run("test", "other") == run("off", "other") == run("add", "x", "smtp://x") == 1


def test_since_when_it_could_not_be_read_is_known_however_often_it_is_asked(server, box):
    hours = timezone.now() - timedelta(hours=2)
    Mailbox.objects.update(read_at=hours)
    server.breaks_at = "SELECT"
    mailboxes.ask(box.pk)
    box.refresh_from_db()
    assert (box.read_at, bool(box.trouble)) == (hours, True)
    mailboxes.ask(box.pk)
    box.refresh_from_db()
    assert (box.read_at, box.trouble) == (box.asked_at, "")


def test_one_whose_address_is_changed_is_asked_at_once_and_is_not_read_by_that(server, box):
    hours = timezone.now() - timedelta(hours=2)
    Mailbox.objects.update(read_at=hours, asked_at=timezone.now())
    assert mailboxes.due() == []
    mailboxes.save("main", server.url)
    assert mailboxes.due() == [box.pk]
    assert Mailbox.objects.get().read_at == hours
