"""A thief of the database, the broker or the logs finds no reader; who left is found by nobody."""

import logging
import re
from datetime import timedelta
from email import message_from_bytes, policy

import newsroom
import pytest
import time_machine
from django.utils import timezone
from privacy import searching

from dispatch import queue, vault
from dispatch.audience import importing, letters, preferences, signing_up, tickets, tokens
from dispatch.audience.models import Letter, Subscriber, Subscription
from dispatch.delivery import ledger
from dispatch.workers import email, upkeep

pytestmark = pytest.mark.django_db(transaction=True)


def sign_up(office, addresses):
    for address in addresses:
        signing_up.ask(tickets.Wanted(office.pk, address, "be"), b"n" * 16)


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
    sign_up(office, searching.canaries(count))
    seen = [searching.database()]
    upkeep.take_sign_ups()
    seen.append(searching.database())
    queue.flush(10)
    heard = searching.messages(broker)
    for letter in Letter.objects.all():
        email.send_letter(letter.pk)
    assert {message.recipient for message in post.taken} == set(searching.canaries(count))
    seen.append(searching.database())
    said = "".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records).encode()
    assert heard
    assert [place for place in (*seen, *heard, said) if searching.CANARY.search(place)] == []
    promise(f"{count} canaries, {sum(map(len, seen)) // 1024} KiB of tables, {len(heard)} doorbells, 0 found")


@pytest.mark.promise("One reader, one message, and nobody else in it")
def test_each_mail_holds_its_own_reader_and_no_other(many, post, tmp_path, promise):
    office, count = many
    sign_up(office, searching.canaries(20))
    upkeep.take_sign_ups()
    for letter in Letter.objects.all():
        email.send_letter(letter.pk)
    (tmp_path / "readers.csv").write_text("\n".join(["email", *searching.canaries(count)]))
    importing.run(tmp_path / "readers.csv", importing.Defaults("office", "be"), apply=True)
    send = ledger.enlist(newsroom.edition(office, newsroom.story("be")).pk)
    for chunk in send.chunks.all():
        email.send_chunk(send.pk, chunk.number)
    assert len(post.taken) == 20 + count
    for message in post.taken:
        assert set(re.findall(rb"canary\d{5}@example\.org", message.whole())) == {message.recipient.encode()}
        assert message_from_bytes(message.whole(), policy=policy.default)["To"] == message.recipient
    promise(f"20 letters and {count} mails of an edition, each holds its own canary only")


@pytest.mark.promise("A scanner's GET changes nothing")
def test_opening_every_link_leaves_everything_as_it_is(client, office, post, promise):
    sign_up(office, searching.canaries(1))
    upkeep.take_sign_ups()
    client.post(f"/confirm/{tokens.token(bytes(Letter.objects.get().handle))}")
    opened = links(office, post)
    before = searching.database()
    for link in opened:
        for fetch in (client.get, client.head):
            assert fetch(link).status_code == 200, link.partition("/")[0]
    assert searching.database() == before
    promise(f"{len(opened)} kinds of links by GET and HEAD, no row changed")


@pytest.mark.promise("Leaving is forgetting: a day later only a tombstone")
def test_of_who_left_nothing_is_found_but_a_tombstone(client, office, post, promise):
    sign_up(office, searching.canaries(1))
    upkeep.take_sign_ups()
    link = tokens.token(bytes(Letter.objects.get().handle))
    client.post(f"/confirm/{link}")
    index = vault.blind_index("canary00000@example.org").hex().encode()
    assert searching.database().count(index) > 1
    client.post(f"/choose/{link}", {"act": "forget"})
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        upkeep.forget_who_left()
        signing_up.forget()
    kept = searching.database()
    assert (kept.count(index), Subscriber.objects.count(), Letter.objects.count()) == (1, 0, 0)
    promise("1 row holds the keyed hash of the address, no other knows it")
