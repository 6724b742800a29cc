"""A thief of the database, the broker or the logs finds no reader; who left is found by nobody."""

import logging
import re
from datetime import timedelta
from email import message_from_bytes, policy

import newsroom
import pytest
import redis
import time_machine
from django.db import connection
from django.utils import timezone

from dispatch import env, queue, vault
from dispatch.audience import letters, preferences, signing_up, tickets, tokens
from dispatch.audience.models import Letter, Subscriber, Subscription
from dispatch.delivery import ledger, relays
from dispatch.delivery.mailers.fake import Fake
from dispatch.workers import email, upkeep

pytestmark = pytest.mark.django_db(transaction=True)
CANARY = re.compile(rb"canary\d{5}|" + b"canary".hex().encode())


@pytest.fixture
def office():
    return newsroom.newsletter()


@pytest.fixture
def many(office, settings, is_gate):
    """The newsletter, and how many readers it gets within an hour."""
    count = 1000 if is_gate else 50
    settings.SIGN_UPS = {"network_an_hour": count, "an_hour": count}
    return office, count


@pytest.fixture
def post(monkeypatch):
    """A relay that keeps what it gets."""
    kept = Fake()
    newsroom.relay()
    monkeypatch.setattr(relays, "open_mailer", lambda _: kept)
    return kept


@pytest.fixture
def broker():
    one = redis.Redis(unix_socket_path=str(env.run_dir() / "valkey.sock"))
    one.flushall()
    yield one
    one.flushall()


def canaries(count):
    return [f"canary{number:05}@example.org" for number in range(count)]


def sign_up(office, addresses):
    for address in addresses:
        signing_up.ask(tickets.Wanted(office.pk, address, "be"), b"n" * 16)


def database():
    """Everything in it as text, bytes in hexadecimal."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows += [text for (text,) in cursor.fetchall()]
    return "\n".join(rows).encode()


def messages(broker):
    """Every doorbell that a worker has not heard yet."""
    found = [broker.lrange(key, 0, -1) for key in broker.keys("*") if broker.type(key) == b"list"]
    return [message for each in found for message in each]


def links(office, post):
    """One of each kind that a mail may bring, for the reader of canary00000."""
    reader = Subscription.objects.order_by("pk")[0]
    preferences.mail_link(reader)
    for kind in (Letter.Kind.OLD_ADDRESS, Letter.Kind.NEW_ADDRESS, Letter.Kind.CONFIRM):
        letters.write(kind, office, "be", "canary00000@example.org", subscriber=reader.subscriber)
    mailed = [letters.link(one).removeprefix("http://dispatch.test") for one in Letter.objects.order_by("-pk")[:4]]
    token = tokens.token(bytes(reader.handle))
    return [*mailed, f"/leave/{token}", f"/preferences/{token}"]


@pytest.mark.promise("No address outside ciphertext: database, broker, logs")
def test_a_thief_finds_nobody(many, post, broker, caplog, promise):
    caplog.set_level(logging.DEBUG)
    office, count = many
    sign_up(office, canaries(count))
    seen = [database()]
    upkeep.take_sign_ups()
    seen.append(database())
    queue.flush(10)
    heard = messages(broker)
    for letter in Letter.objects.all():
        email.send_letter(letter.pk)
    assert {message.recipient for message in post.taken} == set(canaries(count))
    seen.append(database())
    said = "".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records).encode()
    assert heard
    assert [place for place in (*seen, *heard, said) if CANARY.search(place)] == []
    promise(f"{count} canaries, {sum(map(len, seen)) // 1024} KiB of tables, {len(heard)} doorbells, 0 found")


@pytest.mark.promise("One reader, one message, and nobody else in it")
def test_each_mail_holds_its_own_reader_and_no_other(client, many, post, promise):
    office, count = many
    sign_up(office, canaries(count))
    upkeep.take_sign_ups()
    for letter in Letter.objects.all():
        email.send_letter(letter.pk)
        client.post(f"/confirm/{tokens.token(bytes(letter.handle))}")
    send = ledger.enlist(newsroom.edition(office, newsroom.story("be")).pk)
    for chunk in send.chunks.all():
        email.send_chunk(send.pk, chunk.number)
    assert len(post.taken) == 2 * count
    for message in post.taken:
        assert {found.decode() for found in re.findall(rb"canary\d{5}@example\.org", message.data)} == {
            message.recipient
        }
        assert message_from_bytes(message.data, policy=policy.default)["To"] == message.recipient
    promise(f"{count} letters and {count} mails of an edition, each holds its own canary only")


@pytest.mark.promise("A scanner's GET changes nothing")
def test_opening_every_link_leaves_everything_as_it_is(client, office, post, promise):
    sign_up(office, canaries(1))
    upkeep.take_sign_ups()
    client.post(f"/confirm/{tokens.token(bytes(Letter.objects.get().handle))}")
    opened = links(office, post)
    before = database()
    for link in opened:
        for fetch in (client.get, client.head):
            assert fetch(link).status_code == 200, link.partition("/")[0]
    assert database() == before
    promise(f"{len(opened)} kinds of links by GET and HEAD, no row changed")


@pytest.mark.promise("Leaving is forgetting: a day later only a tombstone")
def test_of_who_left_nothing_is_found_but_a_tombstone(client, office, post, promise):
    sign_up(office, canaries(1))
    upkeep.take_sign_ups()
    link = tokens.token(bytes(Letter.objects.get().handle))
    client.post(f"/confirm/{link}")
    index = vault.blind_index("canary00000@example.org").hex().encode()
    assert database().count(index) > 1
    client.post(f"/choose/{link}", {"act": "forget"})
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        upkeep.forget_who_left()
        signing_up.forget()
    kept = database()
    assert (kept.count(index), Subscriber.objects.count(), Letter.objects.count()) == (1, 0, 0)
    promise("1 row holds the keyed hash of the address, no other knows it")
