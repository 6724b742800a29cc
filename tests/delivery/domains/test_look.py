"""What the DNS says of a sending domain, asked of a real name server on loopback."""

import pytest

from dispatch.delivery import domains, signing_keys
from dispatch.delivery.domains import Standing, asking

pytestmark = pytest.mark.django_db
SPF = "v=spf1 include:relay.example -all"
RELAY = {"relay.example": ["v=spf1 ip4:203.0.113.0/28 -all"]}


def published(key):
    """Its record in one piece."""
    return signing_keys.record(key).replace('" "', "").strip('"')


def standing(what, domain="news.example.org"):
    return [record.standing for record in domains.look(domain) if record.what == what]


def test_a_domain_that_is_set_up_stands_well(names):
    signing_keys.make("news.example.org", "s1")
    signing_keys.turn("news.example.org", "s1")
    names.zone = {key.host: [published(key)] for key in signing_keys.all_of("news.example.org")}
    names.zone |= RELAY | {"news.example.org": ["something else", SPF], "_dmarc.example.org": ["v=DMARC1; p=reject"]}
    assert [record.standing for record in domains.look("news.example.org")] == [Standing.WELL] * 4
    assert "_dmarc.org" not in names.asked


def test_what_is_missing_is_told_with_what_to_publish(names):
    records = {record.what: record for record in domains.look("news.example.org")}
    assert {what: record.standing for what, record in records.items()} == dict.fromkeys(records, Standing.LOOK)
    assert "v=spf1" in records["SPF"].told
    assert "v=DMARC1" in records["DMARC"].told
    assert "dispatch dkim make news.example.org" in records["DKIM"].todo


def test_two_spf_records_are_as_good_as_none_and_plus_all_is_worse(names):
    names.zone = {"news.example.org": [SPF, "v=spf1 -all"]}
    assert standing("SPF") == [Standing.WRONG]
    names.zone = {"news.example.org": ["v=spf1 +all"]}
    assert standing("SPF") == [Standing.LOOK]


def test_a_key_that_signs_must_stand_in_the_dns_and_be_ours(names):
    signing_keys.make("news.example.org", "s1")
    signing_keys.turn("news.example.org", "s1")
    assert standing("DKIM") == [Standing.WRONG] * 2
    rsa, ed25519 = signing_keys.all_of("news.example.org")
    names.zone = {rsa.host: [published(ed25519)], ed25519.host: [published(ed25519)]}
    assert standing("DKIM") == [Standing.WRONG, Standing.WELL]


def test_a_name_server_that_is_silent_proves_nothing(names, monkeypatch):
    monkeypatch.setattr(asking, "SECONDS", 0.3)
    names.is_silent = True
    assert standing("SPF") == standing("DMARC") == [Standing.LOOK]
