"""A relay asked in person: each step, its time, and in plain words what was wrong; one letter, to whoever asks."""

import json
import socket
import ssl

import certificates
import faulty_relay
import newsroom
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from faulty_relay import Fault

from dispatch import cli
from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.delivery import relays, self_testing, statements
from dispatch.delivery.mailers import shelf
from dispatch.delivery.models import Relay

pytestmark = pytest.mark.django_db


class Submission:
    """What a server that takes a password over STARTTLS only was given."""

    def __init__(self):
        self.mails, self.logins = [], 0

    def __call__(self, server, session, envelope, mechanism, login):
        self.logins += 1
        return AuthResult(success=login.password == b"secret", handled=False)

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the library's name
        self.mails.append(envelope)
        return "250 OK"


@pytest.fixture
def submission(tmp_path):
    context, made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), Submission()
    made.certificate = certificates.make(tmp_path)
    context.load_cert_chain(made.certificate)
    with socket.create_server(("127.0.0.1", 0)) as free:
        made.port = free.getsockname()[1]
    controller = Controller(
        made, "127.0.0.1", made.port, tls_context=context, require_starttls=True, authenticator=made
    )
    controller.start()
    yield made
    shelf.clear()
    controller.stop()


@pytest.fixture
def faulty():
    made = []

    def make(*faults):
        made.append(faulty_relay.Relay(*faults))
        return relays.save("main", f"smtp://127.0.0.1:{made[0].port}?security=none")

    yield make
    shelf.clear()
    for one in made:
        one.close()


def signed(submission, password="secret", **options):
    more = "&".join(f"{name}={value}" for name, value in options.items())
    return relays.save("main", f"smtp://alice:{password}@localhost:{submission.port}?security=starttls&{more}")


def test_every_step_is_told_and_the_letter_comes_to_whoever_asked(submission, newsletter):
    relay = signed(submission, cafile=submission.certificate)
    steps = self_testing.run(relay, "alice@example.org")
    assert [(one.name, one.state) for one in steps] == [
        ("Connects", "good"), ("Is greeted", "good"), ("Encrypts", "good"), ("Signs in", "good"), ("Takes a letter", "good"),
    ]  # fmt: skip
    assert "TLSv1.3; the certificate is verified, and ends " in steps[2].words
    assert all(one.seconds >= 0 for one in steps)
    assert [mail.rcpt_tos for mail in submission.mails] == [["alice@example.org"]]
    assert b"a test of the relay main" in submission.mails[0].content
    kept = Relay.objects.get()
    assert len(kept.tested) == 5
    assert "alice" not in json.dumps(kept.tested)


@pytest.mark.parametrize("is_ours", [True, False])
def test_one_that_encrypts_later_is_held_to_dane_before_a_password_is_said(submission, newsletter, names, *, is_ours):
    (certificate,) = x509.load_pem_x509_certificates(submission.certificate.read_bytes())
    digest, there = certificate.fingerprint(SHA256()).hex(), f"_{submission.port}._tcp.localhost"
    names.zone |= {"localhost": {"A": ["127.0.0.1"]}, there: {"TLSA": [f"3 0 1 {digest if is_ours else 'ab' * 32}"]}}
    names.proven |= {"localhost", there}
    steps = self_testing.run(signed(submission, dane="must"))
    assert self_testing.is_good(steps) == is_ours
    assert [one.name for one in steps] == ["DANE", "Connects", "Is greeted", "Encrypts", "Signs in"][
        : 5 if is_ours else 4
    ]
    assert submission.logins == is_ours


def test_without_an_address_nothing_is_sent(submission, newsletter):
    assert self_testing.is_good(self_testing.run(signed(submission, cafile=submission.certificate)))
    assert submission.mails == []


def test_the_step_that_fails_is_named_in_plain_words(submission, newsletter):
    steps = self_testing.run(signed(submission, "wrong", cafile=submission.certificate), "alice@example.org")
    assert (steps[-1].name, steps[-1].state) == ("Signs in", "bad")
    assert steps[-1].words.startswith("The relay refuses the user name or password 535")
    steps = self_testing.run(signed(submission), "alice@example.org")
    assert (steps[-1].name, steps[-1].state) == ("Encrypts", "bad")
    assert "not to be trusted (self-signed certificate)" in steps[-1].words
    relays.save("main", "smtp://127.0.0.1:9?security=none")
    (step,) = self_testing.run(Relay.objects.get(), "alice@example.org")
    assert (step.name, step.words) == ("Connects", "No connection to the relay: nobody listens at its port.")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("RCPT", "550 5.1.1 unknown"), "Refused: "),
        (Fault("RCPT", "450 4.2.0 later"), "Not now: "),
        (Fault("END", "drop"), "It may have it or not: "),
        (Fault("MAIL", "530 5.7.0 no"), "The relay failed: "),
    ],
)
def test_what_a_relay_says_to_the_letter_is_told(faulty, newsletter, fault, words):
    relay = faulty(fault)
    steps = self_testing.run(relay, "alice@example.org")
    assert steps[-1].state == "bad"
    assert steps[-1].words.startswith(words)
    assert Relay.objects.get().failures == 0


def test_a_stop_holds_the_letter_too(faulty, newsletter):
    relay = faulty()
    stopping.stop(Stop.Scope.EVERYTHING, None, None, "panic")
    steps = self_testing.run(relay, "alice@example.org")
    assert (steps[-1].state, steps[-1].words) == ("", "Not tried: STOP is in force.")


def open_breaker(relay):
    for _ in range(relays.OPENS_AFTER):
        relays.failed(relay, "no connection to the relay: it does not let us in 421: “4.3.2 closing”")


def test_try_now_makes_the_next_letter_its_trial(faulty):
    relay = faulty()
    open_breaker(relay)
    assert relays.choose() is None
    assert self_testing.try_now(relay) is None
    assert relays.choose().breaker == Relay.Breaker.HALF_OPEN


def test_try_now_that_fails_says_why_and_changes_nothing_of_the_wait(faulty):
    relay = faulty(Fault("GREETING", "421 4.3.2 closing for mail of bob@example.org"))
    open_breaker(relay)
    due = Relay.objects.get().probe_at
    trouble = self_testing.try_now(relay)
    assert "4.3.2 closing" in str(trouble)
    assert "bob@example.org" not in str(trouble)
    assert Relay.objects.get().probe_at == due > statements.now()


def test_the_terminal_says_the_same(faulty, newsletter, capsys):
    faulty()
    assert cli.main(["relay", "test", "main", "--to", "alice@example.org", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"]
    assert [step["name"] for step in told["steps"]] == [
        "Connects",
        "Is greeted",
        "Encrypts",
        "Signs in",
        "Takes a letter",
    ]
    assert cli.main(["relay", "weight", "main", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["weight"] == 3
    assert cli.main(["relay", "warm-up", "main", "500", "1000"]) == 0
    assert capsys.readouterr().out == "main: day 1 of 2 of its warm-up: 500 of 500 letters are left today.\n"
    assert cli.main(["relay", "warm-up", "main", "lots"]) == 1
    assert "is no number of letters" in capsys.readouterr().err
    assert cli.main(["relay", "pause", "main"]) == 0
    assert cli.main(["relay", "list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out.partition("\n")[2])
    assert (row["state"], row["warm_up"]["today"]) == ("paused", 500)
    assert cli.main(["relay", "resume", "main"]) == 0
    assert cli.main(["relay", "weight", "main", "5000"]) == 1


def test_the_fake_stands_for_who_is_no_smtp(newsletter):
    newsroom.relay()
    assert [one.state for one in self_testing.run(Relay.objects.get(), "alice@example.org")] == ["good", "good"]
