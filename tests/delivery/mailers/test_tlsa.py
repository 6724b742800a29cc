"""TLSA records mean the certificate that they were made of, and no other."""

import functools
import hashlib
import shutil
import subprocess

import pytest
from authorities import KEYS, Certificate
from hypothesis import given, settings
from hypothesis import strategies as some

from dispatch.delivery.mailers import tlsa
from dispatch.delivery.mailers.tlsa import Record

OPENSSL = shutil.which("openssl")
HOSTS = ("relay.example.org",)


@functools.cache
def ours_of(kind):
    return Certificate("relay.example.org", kind=kind)


def record(certificate, usage=3, selector=1, matching=1):
    chosen = certificate.spki if selector else certificate.der
    data = {0: chosen, 1: hashlib.sha256(chosen).digest(), 2: hashlib.sha512(chosen).digest()}[matching]
    return Record(usage, selector, matching, data)


patient = settings(deadline=None)  # the first of its kind makes a key
kinds, selectors, matchings = some.sampled_from(sorted(KEYS)), some.sampled_from([0, 1]), some.sampled_from([0, 1, 2])


@patient
@given(kinds, kinds, selectors, matchings)
def test_a_record_means_its_own_certificate_alone(named, shown, selector, matching):
    made = record(ours_of(named), 3, selector, matching)
    assert tlsa.is_met([made], ours_of(shown).shown, HOSTS) == (named == shown)


@patient
@given(kinds, selectors, matchings, some.data())
def test_a_record_with_one_bit_changed_means_nobody(kind, selector, matching, data):
    made = record(ours_of(kind), 3, selector, matching)
    at = data.draw(some.integers(0, len(made.data) * 8 - 1))
    changed = bytearray(made.data)
    changed[at // 8] ^= 1 << at % 8
    assert not tlsa.is_met([Record(3, selector, matching, bytes(changed))], ours_of(kind).shown, HOSTS)


@patient
@given(some.lists(some.builds(Record, *[some.integers(0, 255)] * 3, some.binary(max_size=64)), max_size=5))
def test_whatever_else_stands_beside_it_the_right_one_is_found(others):
    right = record(ours_of("P-256"))
    assert tlsa.is_met([*others, right], ours_of("P-256").shown, HOSTS)
    assert not tlsa.is_met(others, ours_of("P-256").shown, HOSTS)


@patient
@given(some.lists(some.binary(max_size=300), max_size=3), some.integers(2, 3), selectors, matchings)
def test_what_is_no_certificate_meets_nothing(chain, usage, selector, matching):
    assert not tlsa.is_met([record(ours_of("P-256"), usage, selector, matching)], chain, HOSTS)


@pytest.mark.skipif(not OPENSSL, reason="no openssl here: apt-get install openssl")
@pytest.mark.parametrize("kind", sorted(KEYS))
def test_the_key_is_the_one_that_openssl_sees(kind, tmp_path):
    """Where records are made: openssl x509 -pubkey | openssl pkey -pubin -outform DER | sha256sum."""
    file = ours_of(kind).save(tmp_path)
    pem = subprocess.run(["openssl", "x509", "-in", file, "-noout", "-pubkey"], capture_output=True, check=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=pem, capture_output=True, check=True)
    made = Record(3, 1, 1, hashlib.sha256(der.stdout).digest())
    assert tlsa.is_met([made], ours_of(kind).shown, HOSTS)


def test_of_usage_3_neither_name_nor_end_matters():
    old = Certificate("somebody", hosts=["elsewhere.example.org"], days=-3)
    assert tlsa.is_met([record(old)], old.shown, HOSTS)


@pytest.mark.parametrize("usage", [0, 1, 4, 255])
def test_other_usages_say_nothing(usage):
    made = record(ours_of("P-256"), usage)
    assert not made.is_usable
    assert not tlsa.is_met([made], ours_of("P-256").shown, HOSTS)


@pytest.fixture(scope="module")
def root():
    return Certificate("The newsroom's authority", is_authority=True)


@pytest.fixture(scope="module")
def middle(root):
    return Certificate("The one below it", root, is_authority=True)


@pytest.mark.parametrize(("selector", "matching"), [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)])
def test_an_authority_that_is_named_may_issue_to_the_host(root, middle, selector, matching):
    ours = Certificate("relay", middle, hosts=HOSTS)
    for named in (root, middle):
        assert tlsa.is_met([record(named, 2, selector, matching)], ours.shown, HOSTS)
    assert not tlsa.is_met([record(ours, 2, selector, matching)], ours.shown, HOSTS)


def test_a_whole_authority_in_the_record_need_not_be_shown(root, middle):
    ours = Certificate("relay", middle, hosts=HOSTS)
    assert tlsa.is_met([record(root, 2, 0, 0)], ours.shown[:2], HOSTS)
    assert not tlsa.is_met([record(root, 2, 0, 1)], ours.shown[:2], HOSTS)


@pytest.mark.parametrize(
    "made",
    [
        {"hosts": ["other.example.org"]},
        {"hosts": HOSTS, "days": -3},
        {},
    ],
)
def test_of_usage_2_name_and_end_matter(root, made):
    ours = Certificate("relay", root, **made)
    assert not tlsa.is_met([record(root, 2)], ours.shown, HOSTS)


def test_either_of_the_hosts_names_will_do(root):
    ours = Certificate("relay", root, hosts=["alias.example.org"])
    assert tlsa.is_met([record(root, 2)], ours.shown, (*HOSTS, "alias.example.org"))


def test_showing_a_named_authority_is_not_being_issued_by_it(root):
    stranger = Certificate("stranger", hosts=HOSTS)
    assert not tlsa.is_met([record(root, 2)], [*stranger.shown, root.der], HOSTS)
    namesake = Certificate("The newsroom's authority", is_authority=True)
    forged = Certificate("relay", namesake, hosts=HOSTS)
    assert not tlsa.is_met([record(root, 2)], [forged.der, root.der], HOSTS)


def test_whom_it_issued_to_may_not_issue_in_its_turn(root):
    reader = Certificate("somebody", root, hosts=["somebody.example.org"])
    forged = Certificate("relay", reader, hosts=HOSTS)
    assert not tlsa.is_met([record(root, 2)], forged.shown, HOSTS)
