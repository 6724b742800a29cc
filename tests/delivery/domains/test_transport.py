"""Mail that comes to us: who takes it, whether it must be encrypted, who is told where that failed."""

import pytest

from dispatch import fetching
from dispatch.delivery import domains
from dispatch.delivery.domains import Standing, transport

pytestmark = pytest.mark.django_db
DOMAIN = "bounces.example.org"
MX = {"MX": ["10 mail.example.org."]}
POLICY = "version: STSv1\r\nmode: enforce\r\nmx: {}\r\nmax_age: 604800\r\n"


@pytest.fixture(autouse=True)
def _ours(settings):
    settings.BOUNCES = {**settings.BOUNCES, "domain": DOMAIN, "discreet_domain": ""}


def of(check):
    return [record.standing for record in check(DOMAIN)]


def test_where_letters_come_back_to_somebody_must_take_them(names):
    assert of(transport.mail) == [Standing.WRONG]
    names.zone = {DOMAIN: {"MX": ["0 ."]}}
    assert of(transport.mail) == [Standing.WRONG]
    names.zone = {DOMAIN: MX}
    assert of(transport.mail) == [Standing.WELL]


def test_a_domain_without_mail_needs_neither(names):
    assert of(transport.reports) == of(transport.policy) == []


def test_reports_go_to_our_own_mailbox(names):
    names.zone = {DOMAIN: MX}
    (found,) = transport.reports(DOMAIN)
    assert found.standing is Standing.MAY
    assert found.paste.value == f"v=TLSRPTv1; rua=mailto:reports@{DOMAIN}"
    names.zone[found.paste.host] = [found.paste.value]
    assert of(transport.reports) == [Standing.WELL]
    names.zone[found.paste.host] = ["v=TLSRPTv1; rua=ftp://example.org"]
    assert of(transport.reports) == [Standing.LOOK]


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        (POLICY.format("mail.example.org"), Standing.WELL),
        (POLICY.format("*.example.org"), Standing.WELL),
        (POLICY.format("*.org"), Standing.WRONG),
        (POLICY.format("other.example.org"), Standing.WRONG),
        (POLICY.format("other.example.org").replace("enforce", "testing"), Standing.LOOK),
        (POLICY.format("other.example.org").replace("enforce", "none"), Standing.WELL),
        (POLICY.format("mail.example.org").replace("604800", "a week"), Standing.WRONG),
        (POLICY.format("mail.example.org").replace("STSv1", "STSv2"), Standing.WRONG),
        ("<html>Not found</html>", Standing.WRONG),
    ],
)
def test_a_policy_must_name_who_takes_the_mail(text, standing):
    assert transport.judge(text, f"_mta-sts.{DOMAIN}", ["mail.example.org"]).standing is standing


def test_a_policy_is_fetched_from_its_one_address_and_by_no_redirect(names, monkeypatch):
    """By hand: a host of that name, with a certificate that browsers trust, cannot be had on loopback."""
    url, asked = f"https://mta-sts.{DOMAIN}/.well-known/mta-sts.txt", []
    answers = [
        fetching.Fetched(200, url, POLICY.format("mail.example.org").encode()),
        fetching.Fetched(200, "https://elsewhere.example/", POLICY.format("mail.example.org").encode()),
        fetching.Failed("took too long"),
    ]
    monkeypatch.setattr(fetching, "fetch", lambda url, **_: asked.append(url) or answers.pop(0))
    names.zone = {DOMAIN: MX, f"_mta-sts.{DOMAIN}": ["v=STSv1; id=20261129;"]}
    assert [of(transport.policy) for _ in range(3)] == [[Standing.WELL], [Standing.WRONG], [Standing.WRONG]]
    assert asked == [url] * 3


def test_of_a_return_path_spf_and_mail_are_told_and_no_dmarc(names):
    names.zone = {DOMAIN: MX}
    assert {record.what for record in domains.survey(DOMAIN)} == {"SPF", "MX", "TLS-RPT", "MTA-STS"}
    assert {record.what for record in domains.survey("news.example.org")} == {"SPF", "DKIM", "DMARC", "BIMI"}
