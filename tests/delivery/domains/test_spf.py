"""SPF as receivers read it (RFC 7208), asked of a real name server; what is wrong is told with the record to publish."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.delivery import relays
from dispatch.delivery.domains import Standing, macros, sources, spf
from dispatch.delivery.domains.spf_walk import Broken, Walk

pytestmark = pytest.mark.django_db
OURS, OTHER = "203.0.113.7", "198.51.100.9"
DOMAIN = "news.example.org"


@pytest.fixture
def ours(settings):
    settings.SENDING_ADDRESSES = [OURS]


def only(domain=DOMAIN):
    (record,) = spf.look(domain)
    return record


@pytest.mark.parametrize(
    ("record", "result"),
    [
        (f"v=spf1 ip4:{OURS} -all", "pass"),
        ("v=spf1 ip4:203.0.113.0/24 -all", "pass"),
        ("v=spf1 ip4:203.0.113.8 ~all", "softfail"),
        ("v=spf1 a:mail.example.org ?all", "pass"),
        ("v=spf1 a:mail.example.org/28 -all", "pass"),
        ("v=spf1 mx:example.org -all", "pass"),
        ("v=spf1 include:relay.example -all", "pass"),
        ("v=spf1 include:others.example -all", "fail"),
        ("v=spf1 -include:relay.example ip4:0.0.0.0/0", "fail"),
        ("v=spf1 redirect=relay.example", "pass"),
        ("v=spf1 exists:%{ir}.list.example -all", "pass"),
        ("v=spf1 ptr:example.org -all", "pass"),
        ("v=spf1 exp=why.example ip6:2001:db8::/32", "neutral"),
        ("V=SPF1 A:MAIL.example.org -ALL", "pass"),
    ],
)
def test_each_mechanism_is_read_as_receivers_do(names, record, result):
    names.zone = {
        DOMAIN: [record],
        "mail.example.org": {"A": [OURS], "AAAA": ["2001:db8::7"]},
        "example.org": {"MX": ["10 mail.example.org."]},
        "relay.example": ["v=spf1 ip4:203.0.113.0/28 -all"],
        "others.example": [f"v=spf1 ip4:{OTHER} -all"],
        "7.113.0.203.list.example": {"A": ["127.0.0.2"]},
        "7.113.0.203.in-addr.arpa": {"PTR": ["mail.example.org."]},
    }
    assert Walk(OURS, DOMAIN).result(DOMAIN) == result


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ("v=spf1 ip4:300.1.1.1 -all", "no address"),
        ("v=spf1 all-of-us -all", "not understood"),
        ("v=spf1 include:nowhere.example -all", "has no SPF record"),
        ("v=spf1 redirect=nowhere.example", "has no SPF record"),
        ("v=spf1 a:one.example a:two.example a:three.example -all", "lead nowhere"),
        (f"v=spf1 include:{DOMAIN} -all", "more than 10 times"),
    ],
)
def test_what_receivers_give_up_on_is_told(names, ours, record, words):
    names.zone = {DOMAIN: [record]}
    with pytest.raises(Broken, match=words):
        Walk(OTHER, DOMAIN).result(DOMAIN)
    found = only()
    assert found.standing is Standing.WRONG
    assert words in found.words
    assert found.paste.line() == f'{DOMAIN}. IN TXT "v=spf1 ip4:{OURS} -all"'


def chain(length):
    """A record that makes receivers ask `length` times."""
    zone = {f"n{at}.example": [f"v=spf1 include:n{at + 1}.example -all"] for at in range(1, length)}
    return zone | {DOMAIN: ["v=spf1 include:n1.example -all"], f"n{length}.example": [f"v=spf1 ip4:{OURS} -all"]}


def test_ten_look_ups_are_allowed_and_eleven_are_not(names, ours):
    names.zone = chain(10)
    assert (only().standing, "10 of 10" in only().words) == (Standing.WELL, True)
    names.zone = chain(11)
    assert (only().standing, "more than 10 times" in only().words) == (Standing.WRONG, True)


def test_a_record_without_our_address_is_mended_in_front_of_its_end(names, ours, settings):
    names.zone = {DOMAIN: [f"v=spf1 ip4:{OTHER} ~all"]}
    assert only().standing is Standing.WRONG
    assert only().paste.value == f"v=spf1 ip4:{OTHER} ip4:{OURS} ~all"
    settings.SENDING_ADDRESSES = [OURS, "2001:db8::7"]
    names.zone = {DOMAIN: [f"v=spf1 ip4:{OTHER} ip4:{OURS} ~all"]}
    assert only().paste.value == f"v=spf1 ip4:{OTHER} ip4:{OURS} ip6:2001:db8::7 ~all"


def test_where_letters_come_back_elsewhere_that_domains_record_counts(names, ours, settings):
    settings.BOUNCES = {**settings.BOUNCES, "domain": "bounces.example.org"}
    names.zone = {DOMAIN: ["v=spf1 -all"], "bounces.example.org": ["v=spf1 -all"]}
    assert (only().standing, "bounces.example.org counts" in only().todo) == (Standing.LOOK, True)
    assert only("bounces.example.org").standing is Standing.WRONG


def test_what_is_told_to_publish_is_then_well(names, ours):
    for before in ([], [f"v=spf1 ip4:{OTHER} -all"], ["v=spf1 +all"], ["v=spf1 ip4:1.2.3.4 all"]):
        names.zone = {DOMAIN: before}
        assert only().standing is not Standing.WELL
        names.zone = {DOMAIN: [only().paste.value]}
        assert only().standing is Standing.WELL


def test_without_addresses_of_ours_the_relays_name_says_where_mail_leaves_from(names, settings):
    settings.SENDING_ADDRESSES = []
    relays.save("main", "smtp://user:sesame@mail.example.org:587")
    relays.save("api", "anymail+brevo://?api_key=secret")
    names.zone = {"mail.example.org": {"A": ["8.8.4.4"]}, DOMAIN: ["v=spf1 -all"]}
    assert sources.known() == sources.Sources(("8.8.4.4",), ("spf.brevo.com",), are_said=False)
    found = only()
    assert (found.standing, "DISPATCH_SENDING_ADDRESSES" in found.todo) == (Standing.LOOK, True)


def test_a_relay_inside_leaves_from_nobody_knows_where(names, settings):
    settings.SENDING_ADDRESSES = []
    relays.save("main", "smtp://127.0.0.1:25")
    assert sources.known().addresses == ()


def test_a_long_record_comes_by_tcp(names, ours):
    many = " ".join(f"ip4:198.51.100.{number}" for number in range(200))
    names.zone = {DOMAIN: [f"v=spf1 {many} ip4:{OURS} -all"]}
    assert only().standing is Standing.WELL
    assert names.by_tcp


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_every_address_is_within_its_own_network(address, length):
    walk = Walk(str(address), DOMAIN)
    assert walk._is_within(f"{address}/{length}")
    outside = ipaddress.ip_address(int(address) ^ (1 << 31))
    assert Walk(str(outside), DOMAIN)._is_within(f"{address}/{length}") is (length == 0)


@pytest.mark.parametrize(
    ("spec", "meant"),
    [  # RFC 7208 section 7.4, with postmaster as the sender
        ("%{s}", "postmaster@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d3}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{d}.trusted-domains%%_%_%-", "email.example.com.trusted-domains%_ %20"),
    ],
)
def test_macros_are_as_the_rfc_shows_them(spec, meant):
    assert macros.expanded(spec, "192.0.2.3", "email.example.com", "email.example.com") == meant


def test_an_address_of_the_sixth_version_is_written_by_nibbles():
    said = macros.expanded("%{ir}.%{v}", "2001:db8::cb01", "example.com", "example.com")
    assert said == "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6"
