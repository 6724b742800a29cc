"""A sending domain's keys: made, published, turned on, taken over from, forgotten; and what is sent with them."""

import re

import dkim
import pytest
from django.db import connection

from dispatch import cli
from dispatch.delivery import ledger, sending, signing_keys
from dispatch.delivery.models import Chunk, Relay
from dispatch.delivery.reputation import DkimKey

pytestmark = pytest.mark.django_db


@pytest.fixture
def dispatch(capsys):
    """What a command says, and its exit status."""

    def run(*words):
        status = cli.main(["dkim", *words])
        return status, "".join(capsys.readouterr())

    return run


@pytest.fixture
def chunk(edition, subscribe, fake):
    """Alice's and Bob's mail, ready to go through a relay that keeps what it gets."""
    subscribe("alice")
    subscribe("bob")
    return Chunk.objects.get(send=ledger.enlist(edition.pk))


def test_a_pair_is_made_published_and_turned_on(dispatch):
    status, said = dispatch("make", "Example.org.", "--selector", "s1")
    assert status == 0
    assert "s1-rsa._domainkey.example.org. IN TXT" in said
    assert "s1-ed25519._domainkey.example.org. IN TXT" in said
    assert "dispatch dkim on example.org s1" in said
    assert signing_keys.of("news@example.org") == ()
    assert dispatch("on", "example.org", "s1")[0] == 0
    assert [key.algorithm for key in signing_keys.of("news@example.org")] == ["rsa-sha256", "ed25519-sha256"]
    assert signing_keys.of("news@news.example.org") == ()


def test_a_records_strings_are_no_longer_than_dns_has_them(dispatch):
    _, said = dispatch("make", "example.org", "--selector", "s1")
    strings = re.findall(r'"([^"]*)"', said)
    assert max(map(len, strings)) == 255
    assert dispatch("show", "example.org")[1] in said


def test_a_new_pair_takes_over_and_the_old_one_can_be_forgotten(dispatch):
    for selector in ("s1", "s2"):
        dispatch("make", "example.org", "--selector", selector)
        dispatch("on", "example.org", selector)
    assert {key.selector for key in signing_keys.of("news@example.org")} == {"s2-rsa", "s2-ed25519"}
    listed = dispatch("list")[1].splitlines()
    assert [line.split("\t")[3].partition(";")[0] for line in listed] == ["retired", "retired", "signs", "signs"]
    assert dispatch("forget", "example.org", "s1")[0] == 0
    assert dispatch("off", "example.org")[0] == 0
    assert signing_keys.of("news@example.org") == ()
    assert DkimKey.objects.count() == 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["make", "example.org", "--selector", "s1"], "has a pair s1 already"),
        (["make", "example.org", "--selector", "No.1"], "small letters, digits and hyphens"),
        (["make", "exa mple", "--selector", "s1"], "not a domain"),
        (["on", "example.org", "s7"], "has no pair s7"),
        (["forget", "example.org", "s7"], "has no pair s7"),
        (["forget", "example.org", "s1"], "this pair signs letters"),
        (["show", "example.com"], "dispatch dkim make example.com"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(dispatch, words, why):
    signing_keys.make("example.org", "s1")
    signing_keys.turn("example.org", "s1")
    status, said = dispatch(*words)
    assert status == 1
    assert why in said
    assert len(signing_keys.of("news@example.org")) == 2


def test_a_domain_of_other_letters_signs_by_its_name_in_the_dns():
    signing_keys.make("прыклад.бел", "s1")
    signing_keys.turn("прыклад.бел", "s1")
    assert {key.domain for key in signing_keys.of("news@прыклад.бел")} == {"xn--80aiqesg1f.xn--90ais"}


@pytest.mark.parametrize("sender", ["news@[192.0.2.1]", "news@mail_host", "news@example.com"])
def test_an_address_whose_domain_has_no_keys_sends_unsigned(sender):
    signing_keys.make("example.org", "s1")
    signing_keys.turn("example.org", "s1")
    assert signing_keys.of(sender) == ()


def test_the_database_holds_no_key_that_can_be_read():
    signing_keys.make("example.org", "s1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(encode(private, 'escape'), '') FROM delivery_dkimkey")
        (kept,) = cursor.fetchone()
    assert "PRIVATE" not in kept


def test_letters_leave_signed_and_hold(chunk, fake):
    made = signing_keys.make("example.org", "s1")
    signing_keys.turn("example.org", "s1")
    sending.send_chunk(chunk.send_id, chunk.number)
    dns = {key.host: "".join(re.findall(r'"([^"]*)"', signing_keys.record(key))).encode() for key in made}
    assert sorted(message.recipient for message in fake.taken) == ["alice@example.org", "bob@example.org"]
    for message in fake.taken:
        for place in range(2):
            assert dkim.DKIM(message.whole()).verify(place, dnsfunc=lambda host, **_: dns[host.decode().rstrip(".")])


def test_without_keys_letters_leave_unsigned_as_with_a_pair_that_is_off(chunk, fake):
    signing_keys.make("example.org", "s1")
    sending.send_chunk(chunk.send_id, chunk.number)
    assert [b"DKIM-Signature" in message.whole() for message in fake.taken] == [False, False]


def test_a_provider_builds_the_mail_itself_and_signs_it(chunk, fake):
    signing_keys.make("example.org", "s1")
    signing_keys.turn("example.org", "s1")
    Relay.objects.update(kind=Relay.Kind.ANYMAIL)
    sending.send_chunk(chunk.send_id, chunk.number)
    assert [b"DKIM-Signature" in message.whole() for message in fake.taken] == [False, False]
