"""The demo's mail: received over real SMTP, kept before it is answered."""

import re
import signal
import smtplib
import socket
import subprocess
import sys
from email.message import EmailMessage

import pytest

from dispatch.local import inbox

from .conftest import wait_for


class Receiver:
    """A running receiver, which can be killed and started again at the same socket."""

    def __init__(self, folder):
        self.folder = folder
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.start()

    def start(self):
        number = self.listening.fileno()
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "dispatch.local.receiver",
                "--listening",
                str(number),
                "--store",
                str(self.folder / "inbox.sqlite3"),
            ],
            pass_fds=[number],
        )

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(10)

    def client(self):
        return smtplib.SMTP("127.0.0.1", self.port, local_hostname="localhost", timeout=30)


@pytest.fixture
def receiver(tmp_path, monkeypatch):
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(tmp_path))
    running = Receiver(tmp_path)
    yield running
    running.end()
    running.listening.close()


def mail(subject="Навіны пра Алесю", text="Hello\r\n.\r\n..\r\nbye", newsletter="news", language="be"):
    message = EmailMessage()
    message["Subject"] = subject
    message["List-Id"] = f"<{newsletter}.mail.example.org>"
    message.set_content(text, cte="quoted-printable")
    long_line = "x" * 70
    html = f'<!doctype html><html lang="{language}"><body>{long_line}http://dispatch.test/e/AbCd_1234-EfGh/be</body></html>'
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


def test_a_letter_is_kept_with_what_its_list_shows(receiver):
    with receiver.client() as client:
        client.send_message(mail(), "news@news.example.org", ["alice@example.org"])
    (letter,) = inbox.letters(inbox.Wanted())
    assert (letter.sender, letter.recipient) == ("news@news.example.org", "alice@example.org")
    assert (letter.subject, letter.newsletter, letter.language) == ("Навіны пра Алесю", "news", "be")
    assert letter.edition == "AbCd_1234-EfGh"


def test_a_body_arrives_byte_by_byte_as_it_was_sent(receiver):
    sent = b"Subject: dots\r\n\r\n.\r\n..\r\n.one\r\n" + bytes(range(32, 127)) + b"\r\n"
    with receiver.client() as client:
        client.sendmail("a@example.org", ["bob@example.org"], sent)
    (letter,) = inbox.everything()
    kept = inbox.letter(letter.number)
    assert kept is not None
    assert kept[1] == sent


def test_a_message_for_two_lies_in_two_mailboxes(receiver):
    with receiver.client() as client:
        client.send_message(mail(), "news@news.example.org", ["alice@example.org", "bob@example.org"])
    assert [letter.recipient for letter in inbox.everything()] == ["alice@example.org", "bob@example.org"]


def test_a_whole_conversation_in_one_packet_is_answered_in_order(receiver):
    message = b"Subject: piped\r\n\r\nhello\r\n.\r\n"
    said = (
        b"EHLO localhost\r\n"
        + 2 * (b"MAIL FROM:<a@example.org>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n" + message)
        + b"QUIT\r\n"
    )
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=30) as client:
        client.sendall(said)
        answer = b"".join(iter(lambda: client.recv(65536), b"")).decode()
    codes = re.findall(r"^(\d{3}) ", answer, re.MULTILINE)
    assert codes == ["220", "250", "250", "250", "354", "250", "250", "250", "354", "250", "221"]
    assert inbox.count() == 2


def test_what_was_answered_survives_a_kill_and_the_socket_waits_for_the_next_start(receiver):
    with receiver.client() as client:
        for _ in range(20):
            client.send_message(mail(), "news@news.example.org", ["alice@example.org"])
        receiver.end(signal.SIGKILL)
    receiver.start()
    with receiver.client() as client:
        client.send_message(mail(), "news@news.example.org", ["bob@example.org"])
    assert inbox.count() == 21


@pytest.mark.parametrize(
    ("said", "code"),
    [("DATA", 503), ("RCPT TO:<bob@example.org>", 503), ("MAIL FROM:alice@example.org", 501), ("TURN", 500)],
)
def test_what_is_out_of_order_or_unknown_is_refused(receiver, said, code):
    with receiver.client() as client:
        client.ehlo()
        assert client.docmd(said)[0] == code
    assert inbox.count() == 0


def test_a_list_is_narrowed_by_words_newsletter_and_language_and_paged(receiver):
    with receiver.client() as client:
        for number in range(5):
            client.send_message(mail(), "a@example.org", [f"reader-{number}@example.org"])
        client.send_message(
            mail("A new report", newsletter="today", language="en"), "a@example.org", ["bob@example.org"]
        )
    assert [letter.subject for letter in inbox.letters(inbox.Wanted(newsletter="today"))] == ["A new report"]
    assert inbox.count(inbox.Wanted(language="be")) == 5
    assert inbox.count(inbox.Wanted(words="навіны")) == 5
    assert inbox.count(inbox.Wanted(words="reader-3")) == 1
    assert inbox.count(inbox.Wanted(words="%' OR 1 --")) == 0
    first = inbox.letters(inbox.Wanted(), limit=4)
    assert [letter.number for letter in inbox.letters(inbox.Wanted(), before=first[-1].number)] == [2, 1]
    assert inbox.choices("newsletter") == ["news", "today"]


def test_an_inbox_that_got_nothing_is_empty(tmp_path, monkeypatch):
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(tmp_path))
    assert inbox.count() == 0
    assert inbox.everything() == []
    assert inbox.letter(1) is None


def test_a_receiver_ends_when_told_though_a_client_stays_connected(receiver):
    client = receiver.client()
    wait_for(lambda: client.noop()[0] == 250)
    receiver.end()
    assert receiver.process.returncode == 0
    client.close()
    receiver.start()


def test_a_letters_own_pictures_are_shown_without_loading_anything():
    message = EmailMessage()
    message.set_content("Hello")
    message.add_alternative(
        '<p>Hello</p><img src="cid:a@mail.invalid"><img src="cid:none@mail.invalid">', subtype="html"
    )
    message.get_body(("html",)).add_related(b"PNG", "image", "png", cid="<a@mail.invalid>")
    shown = inbox.body(inbox.parsed(message.as_bytes()), "html")
    assert '<img src="data:image/png;base64,UE5H">' in shown
    assert "cid:none@mail.invalid" in shown
