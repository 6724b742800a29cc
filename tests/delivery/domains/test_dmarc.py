"""DMARC, who its reports may go to, and whether what proves a letter is of the domain that it shows."""

import newsroom
import pytest

from dispatch.delivery import signing_keys
from dispatch.delivery.domains import Standing, alignment, bimi, dmarc, transport

pytestmark = pytest.mark.django_db
DOMAIN = "news.example.org"
HERE = f"_dmarc.{DOMAIN}"


@pytest.fixture
def returns_to(settings):
    """returns_to("bounces.example.org") is where letters come back to."""

    def change(domain):
        settings.BOUNCES = {**settings.BOUNCES, "domain": domain, "discreet_domain": ""}

    change("")
    return change


def standings(check):
    return [record.standing for record in check(DOMAIN)]


def test_two_records_are_as_good_as_none(names):
    names.zone = {HERE: ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}
    assert standings(dmarc.look) == [Standing.WRONG]
    assert dmarc.policy(DOMAIN) == ""


@pytest.mark.parametrize("record", ["v=DMARC1", "v=DMARC1; p=strict", "v=DMARC1; sp=none"])
def test_a_policy_that_nobody_knows_is_wrong_and_mended(names, record):
    names.zone = {HERE: [record]}
    (found,) = dmarc.look(DOMAIN)
    assert found.standing is Standing.WRONG
    names.zone = {HERE: [found.paste.value]}
    assert standings(dmarc.look) == [Standing.WELL]
    assert dmarc.policy(DOMAIN) == "none"


def test_a_record_above_speaks_for_what_is_below(names):
    names.zone = {"_dmarc.example.org": ["v=DMARC1; p=reject; sp=quarantine"]}
    assert dmarc.policy(DOMAIN) == "quarantine"
    assert dmarc.policy("example.org") == "reject"


def test_reports_are_asked_for_where_a_mailbox_of_ours_takes_them(names, returns_to):
    returns_to("bounces.example.org")
    names.zone = {HERE: ["v=DMARC1; p=none;"]}
    (found,) = dmarc.look(DOMAIN)
    assert found.paste.value == "v=DMARC1; p=none; rua=mailto:reports@bounces.example.org"


def test_what_a_discreet_domain_is_to_publish_does_not_tell_whose_it_is(names, returns_to, settings):
    newsroom.newsletter(discreet_address="post@neutral.example")
    returns_to("bounces.example.org")
    names.zone = {"neutral.example": {"MX": ["10 mx.neutral.example."]}}
    for check in (dmarc.look, transport.reports, alignment.look):
        assert "example.org" not in str(list(check("neutral.example")))
    settings.BOUNCES = {**settings.BOUNCES, "discreet_domain": "back.neutral.example"}
    (found,) = dmarc.look("neutral.example")
    assert found.paste.value == "v=DMARC1; p=none; rua=mailto:reports@back.neutral.example"


def test_reports_to_anothers_mailbox_need_its_consent(names):
    names.zone = {HERE: ["v=DMARC1; p=none; rua=mailto:d@reports.example!10m,mailto:us@example.org"]}
    names.zone["_dmarc.example.org"] = ["v=DMARC1; p=none"]
    _, found = dmarc.look(DOMAIN)
    assert found.standing is Standing.LOOK
    assert found.paste.line() == f'{DOMAIN}._report._dmarc.reports.example. IN TXT "v=DMARC1"'
    names.zone[found.paste.host] = [found.paste.value]
    assert standings(dmarc.look) == [Standing.WELL] * 2


@pytest.mark.parametrize(
    ("zone", "speaks"),
    [  # RFC 9989 section 4.10.2
        ({}, "a.mail.example.com"),
        ({"_dmarc.example.com": ["v=DMARC1; p=none"]}, "example.com"),
        ({"_dmarc.mail.example.com": ["v=DMARC1; psd=n"], "_dmarc.example.com": ["v=DMARC1"]}, "mail.example.com"),
        ({"_dmarc.example.com": ["v=DMARC1; psd=y"]}, "mail.example.com"),
        ({"_dmarc.example.com": ["something else"]}, "a.mail.example.com"),
    ],
)
def test_the_organisation_is_found_by_going_up(names, zone, speaks):
    names.zone = zone
    assert dmarc.organisation("a.mail.example.com") == speaks


def test_of_a_very_deep_name_not_every_step_is_asked_for():
    steps = dmarc.upwards("a.b.c.d.e.f.g.h.i.mail.example.com")
    assert steps[:2] == ["a.b.c.d.e.f.g.h.i.mail.example.com", "f.g.h.i.mail.example.com"]
    assert steps[-1] == "example.com"


def test_a_return_path_below_aligns_and_one_elsewhere_does_not(names, returns_to):
    names.zone = {"_dmarc.example.org": ["v=DMARC1; p=none"], "_dmarc.elsewhere.example": ["v=DMARC1; p=none"]}
    returns_to("bounces.example.org")
    (found,) = alignment.look(DOMAIN)
    assert (found.standing, found.words) == (Standing.WELL, f"{DOMAIN} is proved by SPF, by the return path.")
    returns_to("elsewhere.example")
    assert standings(alignment.look) == [Standing.LOOK]
    signing_keys.make(DOMAIN, "s1")
    assert standings(alignment.look) == [Standing.LOOK]
    signing_keys.turn(DOMAIN, "s1")
    (found,) = alignment.look(DOMAIN)
    assert (found.standing, "DKIM" in found.words, "Two are safer" in found.todo) == (Standing.WELL, True, True)


def test_a_strict_domain_wants_itself_in_the_return_path(names, returns_to):
    names.zone = {"_dmarc.example.org": ["v=DMARC1; p=none; aspf=s"]}
    returns_to("bounces.example.org")
    (found,) = alignment.look(DOMAIN)
    assert (found.standing, "aspf=s" in found.words) == (Standing.LOOK, True)
    returns_to("")
    assert standings(alignment.look) == [Standing.WELL]


def test_a_mark_is_shown_only_where_forgeries_are_kept_out(names):
    assert standings(bimi.look) == [Standing.MAY]
    at = f"default._bimi.{DOMAIN}"
    names.zone = {at: ["v=BIMI1; l=https://example.org/mark.svg;"], HERE: ["v=DMARC1; p=none"]}
    assert standings(bimi.look) == [Standing.LOOK]
    names.zone[HERE] = ["v=DMARC1; p=quarantine"]
    assert standings(bimi.look) == [Standing.WELL]
    names.zone[at] = ["v=BIMI1; l=http://example.org/mark.svg;"]
    assert standings(bimi.look) == [Standing.LOOK]
