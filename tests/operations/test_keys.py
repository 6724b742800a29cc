"""A further key takes over: everything is sealed anew, cut short at any moment nothing is lost, and the old key can go."""

import base64
import os
import signal
import subprocess
import sys
import time

import newsroom
import pytest
from django.apps import apps
from django.conf import settings
from django.db import models, transaction

from dispatch import cli, env, vault
from dispatch.articles import signatures
from dispatch.articles.models import Source
from dispatch.audience import tokens
from dispatch.audience.models import Subscriber, Subscription
from dispatch.delivery import signing_keys
from dispatch.delivery.models import Relay
from dispatch.editions.models import Picture
from dispatch.operations import resealing
from dispatch.social.models import Media

OLD, NEW = (f"{number} " + base64.b64encode(letter * 32).decode() for number, letter in ((1, b"k"), (2, b"n")))
NOT_SEALED = {
    "network",
    "bucket",
    "hash",
    "body_hash",
    "token_hash",
    "previous",
    "address_index",
    "handle",
    "audience_hash",
    "key",
    "mark",
    "seal",
}
HASHES = {
    ("SoftBounce", "letter"),
    ("Returned", "digest"),
    ("Report", "digest"),
    ("Answered", "said"),
    ("LostFactor", "asked_as"),
}
"""Likewise hashes, whose names do not say so."""

pytestmark = pytest.mark.django_db


@pytest.fixture
def keys(monkeypatch):
    """keys(OLD, NEW): this process, and those it starts, begin again with these."""

    def restart(*lines):
        monkeypatch.setenv("DISPATCH_VAULT_KEYS", "\n".join(lines))
        for kept in (vault._keys, vault._subkey, vault._keyed, vault._cipher, vault._lasting):
            kept.cache_clear()

    yield restart
    monkeypatch.undo()
    restart(OLD)


@pytest.fixture
def sealed(keys):
    """One value of every kind, sealed with the old key; then there is a new one."""
    keys(OLD)
    newsroom.readers(newsroom.newsletter(), en=25)
    for reader in Subscriber.objects.order_by("pk")[:5]:
        Subscriber.objects.filter(pk=reader.pk).update(name=vault.seal("Bob", f"subscriber:{reader.pk}:name"))
    newsroom.relay()
    newsroom.channel()
    signing_keys.make("example.org", "s1")
    Source.objects.create(
        slug="ghost",
        kind="ghost",
        secrets=signatures.seal_secrets("ghost", ["s1", "s2"]),
        api_key=vault.seal("id:secret", "source:ghost:api_key"),
    )
    keys(OLD, NEW)


def opened():
    """Everything that is sealed, as it reads."""
    return {
        (column.words, str(row.pk)): vault.unseal(
            bytes(getattr(row, column.field)), f"{column.kind}:{getattr(row, column.name)}:{column.field}"
        )
        for column in resealing.COLUMNS
        for row in column.model.objects.exclude(**{column.field: None})
    }


def test_everything_reads_as_before_and_is_under_the_new_key(sealed, capsys):
    before = opened()
    assert cli.main(["keys", "reseal"]) == 0
    said = capsys.readouterr().out
    assert f"{len(before)}  resealed" in said
    assert "Nothing is sealed with key 1 any more" in said
    assert opened() == before
    assert set(resealing.in_use()) == {2}


def test_a_second_run_finds_nothing_to_do(sealed, capsys):
    cli.main(["keys", "reseal"])
    kept = {reader.pk: bytes(reader.address) for reader in Subscriber.objects.all()}
    capsys.readouterr()
    assert cli.main(["keys", "reseal"]) == 0
    assert "           0  resealed" in capsys.readouterr().out
    assert {reader.pk: bytes(reader.address) for reader in Subscriber.objects.all()} == kept


def test_with_what_retire_prints_readers_are_found_and_links_in_their_mails_work(sealed, keys, capsys):
    before, handle = opened(), bytes(Subscription.objects.first().handle)
    index, token = vault.blind_index("alice@example.org"), tokens.token(handle)
    cli.main(["keys", "reseal"])
    capsys.readouterr()
    assert cli.main(["keys", "retire", "1"]) == 0
    left = capsys.readouterr().out.strip()
    keys(left, NEW)
    assert opened() == before
    assert (vault.blind_index("alice@example.org"), tokens.token(handle)) == (index, token)


def test_a_key_that_still_seals_something_is_not_retired(sealed, capsys):
    assert cli.main(["keys", "retire", "1"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "36 values sealed with key 1" in said.err


def test_the_key_that_seals_and_one_that_is_not_here_are_not_retired(sealed, capsys):
    assert cli.main(["keys", "retire", "2"]) == 1
    assert "is the one that seals" in capsys.readouterr().err
    assert cli.main(["keys", "retire", "7"]) == 1
    assert "is not here" in capsys.readouterr().err


def test_what_no_key_opens_is_counted_and_left_as_it_is(sealed, capsys):
    lost = b"\x05" + b"?" * 40
    Relay.objects.update(url=lost)
    assert cli.main(["keys", "reseal"]) == 1
    assert "1 value cannot be opened" in capsys.readouterr().err
    assert bytes(Relay.objects.get().url) == lost


def test_what_somebody_saved_meanwhile_stays(sealed, monkeypatch):
    """A process that has not been started anew yet saves a name between the reading of a batch and its writing."""
    (names,) = [column for column in resealing.COLUMNS if column.field == "name"]
    reader = Subscriber.objects.order_by("pk")[0]
    theirs = b"\x01 saved by another"
    anew = resealing._anew

    def slowly(*arguments):
        Subscriber.objects.filter(pk=reader.pk).update(name=theirs)
        return anew(*arguments)

    monkeypatch.setattr(resealing, "_anew", slowly)
    assert sum(batch.resealed for batch in resealing.reseal(names)) == 4
    reader.refresh_from_db()
    assert bytes(reader.name) == theirs
    assert resealing.in_use()[1] > 0


@pytest.mark.django_db(transaction=True)
def test_killed_half_way_nothing_is_lost_and_the_next_run_takes_up_what_is_left(sealed, keys, capsys):
    before = opened()
    last = Subscriber.objects.order_by("pk").last()
    with transaction.atomic():
        Subscriber.objects.select_for_update().get(pk=last.pk)  # the batch that this reader is in waits
        process = subprocess.Popen(
            [sys.executable, "-m", "dispatch.cli", "keys", "reseal", "--batch", "10"],
            env=os.environ | {"DISPATCH_DATABASE_URL": _database()},
            stdout=subprocess.DEVNULL,
        )
        until(lambda: resealing.in_use()[2] == 20)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    until(lambda: resealing.in_use()[2] == 25)  # the database ends the statement that it was given
    assert opened() == before
    assert cli.main(["keys", "reseal"]) == 0
    assert f"{len(before) - 25}  resealed" in capsys.readouterr().out
    assert opened() == before
    assert set(resealing.in_use()) == {2}


def test_no_sealed_column_is_forgotten():
    """Every binary column of ours is one that is resealed, one whose name says that it is a hash or a handle, or a picture
    that a site shows to everybody."""
    ours = [
        model
        for model in apps.get_models()
        if model.__module__.startswith("dispatch.") and model not in {Picture, Media}
    ]
    binary = {
        (model, field.name) for model in ours for field in model._meta.fields if isinstance(field, models.BinaryField)
    }
    assert {(column.model, column.field) for column in resealing.COLUMNS} == {
        (model, name) for model, name in binary if name not in NOT_SEALED and (model.__name__, name) not in HASHES
    }


def until(holds):
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _database():
    return f"postgresql://dispatch@/{settings.DATABASES['default']['NAME']}?host={env.run_dir()}"
