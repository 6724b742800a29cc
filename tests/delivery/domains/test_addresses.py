"""The addresses that mail leaves from: their names, and blocklists, which sometimes will not say."""

import pytest

from dispatch.delivery import domains
from dispatch.delivery.domains import Standing, blocklists, pointers

pytestmark = pytest.mark.django_db
OURS, OTHER = "203.0.113.7", "2001:db8::7"
REVERSE = "7.113.0.203.in-addr.arpa"
ZONE = "list.example"
LISTED = f"7.113.0.203.{ZONE}"


@pytest.fixture(autouse=True)
def _ours(settings):
    settings.SENDING_ADDRESSES, settings.BLOCKLISTS = [OURS], [ZONE]


def of(check, address=OURS):
    (record,) = check(address)
    return record


def test_a_name_must_lead_back(names):
    assert of(pointers.look).paste.line() == f"{REVERSE}. IN PTR mail.example.org."
    names.zone = {REVERSE: {"PTR": ["mail.example.org."]}}
    found = of(pointers.look)
    assert (found.standing, found.paste.line()) == (Standing.WRONG, f"mail.example.org. IN A {OURS}")
    names.zone["mail.example.org"] = {"A": [OURS]}
    assert of(pointers.look).standing is Standing.WELL


def test_the_sixth_version_likewise(names):
    reverse = "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
    assert of(pointers.look, OTHER).paste.host == reverse
    names.zone = {reverse: {"PTR": ["mail.example.org."]}, "mail.example.org": {"AAAA": [OTHER]}}
    assert of(pointers.look, OTHER).standing is Standing.WELL


def test_a_listing_is_told_with_the_lists_own_words(names):
    names.zone = {LISTED: {"A": ["127.0.0.4"], "TXT": ["see https://list.example/203.0.113.7"]}}
    found = of(blocklists.look)
    assert (found.standing, found.todo) == (Standing.WRONG, "It says: see https://list.example/203.0.113.7")


def test_no_answer_is_no_listing(names):
    assert of(blocklists.look).standing is Standing.WELL
    assert names.asked == [LISTED]


@pytest.mark.parametrize("answer", ["127.255.255.252", "127.255.255.254", "127.255.255.255"])
def test_a_list_that_turns_the_resolver_away_has_not_listed_us(names, answer):
    names.zone = {LISTED: {"A": [answer]}}
    found = of(blocklists.look)
    assert (found.standing, found.is_known) == (Standing.MAY, False)
    assert "that is no listing" in found.words


@pytest.mark.parametrize("answer", ["192.0.2.80", "127.0.0.1"])
def test_a_list_that_answers_everything_is_no_list(names, answer):
    names.zone = {LISTED: {"A": [answer]}}
    found = of(blocklists.look)
    assert (found.standing, "no blocklist any more" in found.words) == (Standing.LOOK, True)


def test_one_line_for_each_of_them(names, settings):
    settings.BLOCKLISTS = [ZONE, "silent.example"]
    names.silent = {"7.113.0.203.silent.example"}
    found = {record.what: record for record in domains.look_at_sources()}
    assert set(found) == {"PTR", ZONE, "silent.example"}
    assert found["silent.example"].is_known is False
