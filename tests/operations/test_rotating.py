"""Keys change while a send runs: each reader has their letter, and no other, whichever key their address is under."""

import base64

import newsroom
import pytest

from dispatch import cli, vault
from dispatch.audience.models import Subscriber
from dispatch.delivery import relays, sending
from dispatch.delivery.mailers.fake import Fake
from dispatch.operations import resealing
from dispatch.outcomes import Sent

pytestmark = pytest.mark.django_db
OLD, NEW = (f"{number} " + base64.b64encode(letter * 32).decode() for number, letter in ((1, b"k"), (2, b"n")))


@pytest.fixture
def keys(monkeypatch):
    """keys(OLD, NEW): this process begins again with these."""

    def restart(*lines):
        monkeypatch.setenv("DISPATCH_VAULT_KEYS", "\n".join(lines))
        for kept in (vault._keys, vault._subkey, vault._keyed, vault._cipher, vault._lasting):
            kept.cache_clear()

    yield restart
    monkeypatch.undo()
    restart(OLD)


@pytest.fixture
def send(settings, keys):
    """To nine readers in three chunks, whose addresses are under the old key."""
    keys(OLD)
    settings.DELIVERY = settings.DELIVERY | {"chunk": 3, "window": 2}
    office = newsroom.newsletter()
    newsroom.readers(office, en=9)
    newsroom.relay()
    return newsroom.send(office, newsroom.story("en"))


def test_a_send_goes_on_while_everything_is_sealed_anew(send, keys, monkeypatch, capsys):
    expected = {
        vault.unseal(bytes(reader.address), f"subscriber:{reader.pk}:address") for reader in Subscriber.objects.all()
    }
    taken = []

    def answer(message):
        taken.append(message)
        if len(taken) == 2:  # in the middle of a window, whose addresses the worker has read already
            keys(OLD, NEW)
            assert cli.main(["keys", "reseal"]) == 0
        return Sent()

    monkeypatch.setattr(relays, "open_mailer", lambda _: Fake(answer))
    for number in (1, 2):
        sending.send_chunk(send.pk, number)
    assert set(resealing.in_use()) == {2}
    capsys.readouterr()
    keys(vault.retired_key_line(1), NEW)
    sending.send_chunk(send.pk, 3)
    assert sorted(message.recipient for message in taken) == sorted(expected)
    assert all(f"To: {message.recipient}\r\n".encode() in message.whole() for message in taken)
