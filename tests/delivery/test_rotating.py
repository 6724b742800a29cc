"""A pair of keys takes over from another: only once the DNS shows it, and the older one stays as long as letters are on their
way."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dispatch.accounts.models import AuditEntry
from dispatch.delivery import rotating, signing_keys
from dispatch.delivery.commands import dkim as command
from dispatch.delivery.domains import dkim
from dispatch.delivery.reputation import DkimKey

pytestmark = pytest.mark.django_db
DOMAIN = "example.org"


@pytest.fixture
def dispatch(capsys):
    """dispatch("rotate", "example.org") is its exit status and what it said."""

    def run(*words):
        import argparse

        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        status = command.run(parser.parse_args(words))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def zone(names):
    """With the first pair in the DNS, and signing."""
    publish(names, signing_keys.make(DOMAIN, "s1"))
    signing_keys.turn(DOMAIN, "s1")
    return names


def publish(names, keys):
    names.zone |= {key.host: [dkim.paste(key).value] for key in keys}


def signs():
    return {key.selector for key in signing_keys.of(f"news@{DOMAIN}")}


def later(**span):
    """As if so much time had passed for every key."""
    for field in ("wanted_at", "seen_at", "retired_at"):
        for key in DkimKey.objects.exclude(**{field: None}):
            DkimKey.objects.filter(pk=key.pk).update(**{field: getattr(key, field) - timedelta(**span)})


OLD, NEW = {"s1-rsa", "s1-ed25519"}, {"s2-rsa", "s2-ed25519"}


def test_the_old_pair_signs_until_the_dns_has_shown_the_new_one_for_an_hour(zone):
    made = rotating.rotate(DOMAIN, "s2")
    rotating.advance()
    later(hours=2)
    rotating.advance()
    assert signs() == OLD

    publish(zone, made[:1])
    rotating.advance()
    later(hours=2)
    rotating.advance()
    assert signs() == OLD, "one of two is not enough"

    publish(zone, made)
    rotating.advance()
    later(minutes=50)
    rotating.advance()
    assert signs() == OLD
    later(minutes=11)
    rotating.advance()
    assert signs() == NEW
    assert not rotating.is_under_way()


def test_a_record_that_comes_and_goes_begins_its_hour_again(zone):
    made = rotating.rotate(DOMAIN, "s2")
    publish(zone, made)
    rotating.advance()
    later(minutes=50)
    del zone.zone[made[0].host]
    rotating.advance()
    publish(zone, made)
    rotating.advance()
    later(minutes=30)
    rotating.advance()
    assert signs() == OLD


def test_a_name_server_that_is_silent_changes_nothing(zone, monkeypatch):
    from dispatch.delivery.domains import asking

    monkeypatch.setattr(asking, "SECONDS", 0.3)
    made = rotating.rotate(DOMAIN, "s2")
    publish(zone, made)
    rotating.advance()
    zone.is_silent = True
    later(hours=2)
    rotating.advance()
    assert signs() == OLD
    zone.is_silent = False
    rotating.advance()
    assert signs() == NEW


def test_the_old_pair_is_destroyed_after_its_grace_and_forgotten_once_out_of_the_dns(zone):
    publish(zone, rotating.rotate(DOMAIN, "s2"))
    rotating.advance()
    later(hours=2)
    rotating.advance()
    later(days=6)
    rotating.advance()
    old = DkimKey.objects.filter(pair="s1")
    assert all(old.values_list("private", flat=True))
    later(days=2)
    assert rotating.is_under_way()
    rotating.advance()
    assert list(old.values_list("private", flat=True)) == [None, None]
    assert not rotating.is_under_way()
    assert {key.host for key in signing_keys.all_of(DOMAIN)} == {f"{name}._domainkey.{DOMAIN}" for name in NEW}
    for name in OLD:
        del zone.zone[f"{name}._domainkey.{DOMAIN}"]
    rotating.advance()
    assert not old.exists()
    acts = AuditEntry.objects.order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["dkim.rotate", "dkim.on", "dkim.destroy", "dkim.destroy"]


def test_a_pair_that_is_turned_off_for_the_relay_is_kept(zone):
    signing_keys.turn(DOMAIN, None)
    later(days=400)
    rotating.advance()
    signing_keys.turn(DOMAIN, "s1")
    assert signs() == OLD


def test_the_terminal_says_what_to_publish_and_how_far_it_is(dispatch, zone):
    status, said, _ = dispatch("rotate", DOMAIN, "--selector", "s2")
    assert status == 0
    assert f"s2-rsa._domainkey.{DOMAIN}. IN TXT" in said
    assert dispatch("rotate", DOMAIN, "--selector", "s3")[2].startswith(
        "dispatch dkim: example.org waits for s2 already"
    )
    assert "waits to be published" in dispatch("check", DOMAIN)[1]
    publish(zone, DkimKey.objects.filter(pair="s2"))
    rotating.advance()
    status, said, _ = dispatch("check")
    assert status == 0
    assert "if it stays in the DNS" in said
    signing_keys.turn(DOMAIN, "s1")
    assert dispatch("rotate", DOMAIN, "--selector", "s1")[2].endswith("choose another selector with --selector.\n")


def test_a_key_that_signs_and_is_gone_from_the_dns_is_an_error_for_programs(dispatch, zone):
    import json

    zone.zone.clear()
    status, said, _ = dispatch("check", "--json")
    assert status == 1
    assert {(one["what"], one["standing"]) for one in json.loads(said)} == {("DKIM", "wrong")}
    assert all("IN TXT" in one["paste"] for one in json.loads(said))


def test_when_a_key_begins_and_ends_is_told():
    now = timezone.now()
    key = DkimKey(seen_at=now, retired_at=now)
    assert rotating.begins_at(key) == now + timedelta(hours=1)
    assert rotating.is_over_at(key) == now + timedelta(days=7)
