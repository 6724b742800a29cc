"""A message to the newsroom goes once; what may have arrived is not repeated; what surely did not is tried again."""

import contextlib
import http.server
import json
import threading
from datetime import timedelta
from email import message_from_bytes, policy

import faulty_relay
import newsroom
import pytest
from django.utils import timezone
from faulty_relay import Fault

from dispatch.delivery import relays
from dispatch.delivery.mailers import shelf
from dispatch.delivery.mailers.base import Trouble
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Relay
from dispatch.desk import chat, happening, outbox, telling
from dispatch.desk.models import Notice
from dispatch.outcomes import Deferred, Refused, Sent, Unknown

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rung(monkeypatch):
    monkeypatch.setattr("dispatch.queue.enqueue", lambda *_: None)


@pytest.fixture
def mail(monkeypatch):
    """A relay that answers what `answers` holds, then takes everything."""
    newsroom.newsletter()
    newsroom.relay()
    answers = []
    relay = Fake(lambda _: answers.pop(0) if answers else Sent())
    relay.answers = answers
    monkeypatch.setattr(relays, "open_mailer", lambda _: relay)
    return relay


@pytest.fixture
def service():
    """A web service that a chat message is posted to."""
    heard, status = [], [200]

    class Hears(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if not status[0]:
                self.close_connection = True
                return
            self.send_response(status[0])
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hears)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    server.heard, server.status = heard, status
    server.address = f"json://127.0.0.1:{server.server_port}/secret-token"
    yield server
    server.shutdown()
    server.server_close()


def target(way="mail", address="alice@example.org"):
    return telling.add("Night desk", way, address, None, "a test", kinds=list(happening.KINDS))


def settled(notice):
    outbox.send(notice.pk)
    notice.refresh_from_db()
    return notice.state, notice.trouble


def test_a_mail_goes_once_to_its_mailbox(mail):
    notice = telling.test(target())
    assert settled(notice) == ("sent", "")
    outbox.send(notice.pk)
    (message,) = mail.taken
    assert (message.sender, message.recipient) == ("news@example.org", "alice@example.org")
    read = message_from_bytes(message.whole(), policy=policy.default)
    assert read["Subject"] == "Dispatch: a test"
    assert "A test from Dispatch: Night desk is told of" in read.get_content()


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Refused(reason="no such mailbox", code="550 5.1.1"), "refused"),
        (Unknown(reason="no reply"), "unknown"),
        (Deferred(until=None, reason="greylisted"), "waiting"),
        (Trouble(reason="cannot connect"), "waiting"),
    ],
)
def test_each_answer_is_kept_and_only_later_is_tried_again(mail, answer, state):
    mail.answers.append(answer)
    notice = telling.test(target())
    assert settled(notice)[0] == state
    Notice.objects.filter(state="waiting").update(due_at=timezone.now())
    assert settled(notice)[0] == (state if state != "waiting" else "sent")
    assert len(mail.taken) == (1 if state == "waiting" else 0)


def test_what_is_put_off_for_half_a_day_is_given_up(mail):
    mail.answers.append(Deferred(until=None, reason="greylisted"))
    notice = telling.test(target())
    Notice.objects.update(made_at=timezone.now() - outbox.PATIENCE)
    assert settled(notice) == ("refused", "given up after half a day: greylisted")


def test_a_dead_workers_message_may_have_arrived_and_is_not_repeated(mail):
    notice = telling.test(target())
    Notice.objects.update(state="sending", due_at=timezone.now() - timedelta(seconds=1), attempts=1)
    assert outbox.due() == [notice.pk]
    outbox.send(notice.pk)
    notice.refresh_from_db()
    assert notice.state == "unknown"
    assert mail.taken == []


def test_it_may_go_through_a_relay_of_its_own(settings):
    settings.TELLING_RELAY, settings.TELLING_FROM = "fake://", "dispatch@example.org"
    assert settled(telling.test(target())) == ("sent", "")


def test_a_relay_that_cannot_be_used_is_said(settings):
    settings.TELLING_RELAY, settings.TELLING_FROM = "gopher://relay", "dispatch@example.org"
    state, trouble = settled(telling.test(target()))
    assert state == "refused"
    assert trouble.startswith("its relay cannot be used: it begins with")


def test_without_anyone_to_send_it_as_it_says_what_to_set(settings):
    settings.TELLING_RELAY = "fake://"
    assert settled(telling.test(target())) == ("refused", "nobody to send it as: set DISPATCH_TELLING_FROM")


def test_a_chat_gets_the_text_and_nothing_else(service):
    notice = telling.test(target("chat", service.address))
    assert settled(notice) == ("sent", "")
    (heard,) = service.heard
    assert heard["title"] == "Dispatch: a test"
    assert heard["message"] == notice.text


@pytest.mark.parametrize(("status", "state"), [(403, "refused"), (429, "waiting"), (500, "unknown")])
def test_a_service_that_does_not_take_it_is_asked_again_only_where_that_is_safe(service, status, state):
    service.status[0] = status
    notice = telling.test(target("chat", service.address))
    became, trouble = settled(notice)
    assert became == state
    assert "secret" not in trouble
    outbox.send(notice.pk)
    assert len(service.heard) == 1


def test_silence_is_unknown(service):
    service.status[0] = 0  # it takes the message and hangs up
    assert settled(telling.test(target("chat", service.address)))[0] == "unknown"
    assert len(service.heard) == 1


def test_what_never_left_is_tried_again(service):
    service.shutdown()
    service.server_close()
    assert settled(telling.test(target("chat", service.address)))[0] == "waiting"


def test_long_messages_stay_in_one_piece(service):
    outcome = chat.send(service.address, "Dispatch", "\n\n".join(["word " * 40] * 40))
    assert outcome == Sent()
    assert len(service.heard[0]["message"]) <= chat.LONGEST + 3


@pytest.mark.parametrize("address", ["syslog://localhost", "dbus://", "mailto://a:b@c.org", "nonsense", "tgram://"])
def test_what_acts_on_this_machine_or_cannot_be_read_is_refused(address):
    assert outbox.address_problem("chat", address)


def test_a_mail_address_is_one():
    assert outbox.address_problem("mail", "alice") != ""
    assert outbox.address_problem("mail", "alice@example.org") == ""


def test_that_a_relay_is_broken_is_told_through_another(settings):
    """Of two relays the first one's door is closed: its trouble counts, and the message leaves through the second at once."""
    settings.TELLING_FROM = "dispatch@example.org"
    with faulty(Fault("EHLO", "421 4.3.2 closing")) as first, faulty() as second:
        relays.weigh(relays.save("first", f"smtp://127.0.0.1:{first.port}?security=none"), 5)
        relays.save("second", f"smtp://127.0.0.1:{second.port}?security=none")
        assert settled(telling.test(target())) == ("sent", "")
        shelf.clear()
    assert (len(first.taken), len(second.taken)) == (0, 1)
    assert Relay.objects.get(name="first").failures == 1


def test_what_the_first_relay_may_have_taken_is_not_told_through_the_second(settings):
    settings.TELLING_FROM = "dispatch@example.org"
    with faulty(Fault("END", "take it and drop")) as first, faulty() as second:
        relays.weigh(relays.save("first", f"smtp://127.0.0.1:{first.port}?security=none"), 5)
        relays.save("second", f"smtp://127.0.0.1:{second.port}?security=none")
        assert settled(telling.test(target()))[0] == "unknown"
        shelf.clear()
    assert (len(first.taken), len(second.taken)) == (1, 0)


def test_where_the_relay_for_messages_is_down_readers_relays_carry_them(settings):
    settings.TELLING_FROM, settings.TELLING_RELAY = "dispatch@example.org", "smtp://127.0.0.1:9?security=none"
    with faulty() as second:
        relays.save("second", f"smtp://127.0.0.1:{second.port}?security=none")
        assert settled(telling.test(target())) == ("sent", "")
        shelf.clear()
    assert len(second.taken) == 1


@contextlib.contextmanager
def faulty(*faults):
    made = faulty_relay.Relay(*faults)
    try:
        yield made
    finally:
        made.close()


def test_what_no_worker_takes_is_sent_by_the_clock(transactional_db, mail):
    notice = telling.test(target())
    assert outbox.send_forsaken() is None
    Notice.objects.update(due_at=timezone.now() - outbox.FORSAKEN)
    outbox.send_forsaken().join(30)
    notice.refresh_from_db()
    assert notice.state == "sent"
    assert outbox.send_forsaken() is None
