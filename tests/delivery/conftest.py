"""A newsletter, its cast of readers, a rendered edition, and an SMTP server that answers as it is told."""

import contextlib
import secrets
import socket
import threading
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from dispatch import vault
from dispatch.audience import addresses
from dispatch.audience.models import Newsletter, Subscriber, Subscription
from dispatch.delivery import relays
from dispatch.editions import slots
from dispatch.editions.models import Edition, Variant, digest


@pytest.fixture
def newsletter(db):
    return Newsletter.objects.create(
        slug="office",
        names={"en": "Office news"},
        languages=["en", "be"],
        from_name="Офіс",
        from_address="news@example.org",
        reply_to="desk@example.org",
    )


@pytest.fixture
def subscribe(newsletter):
    """subscribe("alice", language="en") makes a reader of the newsletter."""

    def make(name, *, language="en", second_language="", newsletter=newsletter, **wishes):
        address = f"{name}@example.org"
        subscriber = Subscriber(address=b"", address_index=vault.blind_index(addresses.unique_form(address)))
        subscriber.save()
        subscriber.address = vault.seal(address, f"subscriber:{subscriber.pk}:address")
        subscriber.name = vault.seal(name.capitalize(), f"subscriber:{subscriber.pk}:name")
        subscriber.save()
        Subscription.objects.create(
            subscriber=subscriber,
            newsletter=newsletter,
            language=language,
            second_language=second_language,
            handle=secrets.token_bytes(8),
            consented_at=timezone.now(),
            **wishes,
        )
        return subscriber

    return make


@pytest.fixture
def make_edition(newsletter):
    """An edition rendered in some languages."""

    def make(slot="story:1", languages=("en", "be"), newsletter=newsletter):
        edition = Edition.objects.create(
            newsletter=newsletter, slot=slot, state=Edition.State.RENDERED, due_at=datetime.now(UTC)
        )
        for language in languages:
            nonce = slots.new_nonce()
            name, leave = slots.token(nonce, "name"), slots.token(nonce, "leave")
            content = {
                "subject": f"News in {language}",
                "html": f'<p lang="{language}">Hello{name}! <a href="{leave}">Leave</a></p>',
                "text": f"Hello{name}!\n\n.A line with a dot\nLeave: {leave}\n",
            }
            Variant.objects.create(edition=edition, language=language, nonce=nonce, hash=digest(**content), **content)
        return edition

    return make


@pytest.fixture
def edition(make_edition):
    return make_edition()


@pytest.fixture
def fake(monkeypatch):
    """A relay that keeps what it gets; `fake.answer` may be replaced."""
    from dispatch.delivery.mailers.fake import Fake

    relays.save("fake", "fake://")
    mailer = Fake()
    monkeypatch.setattr(relays, "open_mailer", lambda relay: mailer)
    return mailer


class Scripted:
    """Answers each verb from `says`, a list a verb; DROP hangs up. Keeps what it took and every command it heard."""

    DROP = "drop"
    USUAL = {
        "EHLO": "250 ok",
        "MAIL": "250 ok",
        "RCPT": "250 ok",
        "DATA": "354 go",
        ".": "250 taken",
        "RSET": "250 ok",
        "QUIT": "221 bye",
    }

    def __init__(self):
        self.says, self.heard, self.taken, self.connections = {}, [], [], 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                self.connections += 1
                threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        with connection, connection.makefile("rb") as lines, contextlib.suppress(OSError):
            connection.sendall(b"220 ready\r\n")
            for line in lines:
                verb = line.split()[0].upper().decode().partition(":")[0]
                self.heard.append(line.decode().strip())
                said = self.answer(connection, verb)
                if said == self.DROP:
                    return
                if verb == "DATA" and said.startswith("354"):
                    body = b""
                    for part in lines:
                        if part == b".\r\n":
                            break
                        body += part
                    if self.script(".").startswith("250"):
                        self.taken.append(body)
                    if self.answer(connection, ".") == self.DROP:
                        return

    def script(self, verb):
        return (self.says.get(verb) or [self.USUAL.get(verb, "502 what")])[0]

    def answer(self, connection, verb):
        said = self.script(verb)
        if self.says.get(verb):
            self.says[verb].pop(0)
        if said != self.DROP:
            connection.sendall(said.encode() + b"\r\n")
        return said


@pytest.fixture
def server():
    made = Scripted()
    yield made
    made.listening.close()


@pytest.fixture
def settings_of_delivery(settings):
    """settings_of_delivery(chunk=3) changes some of them for a test."""

    def change(**values):
        settings.DELIVERY = settings.DELIVERY | values

    return change
