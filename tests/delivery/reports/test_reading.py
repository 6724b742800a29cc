"""Reports are read to their figures, hostile ones not at all."""

import gzip
import json

import domain_reports as written
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.delivery.reports import dmarc, tls, unpacking
from dispatch.delivery.reports.told import Line, Unreadable, kept, merged

OURS = "203.0.113.7"
BOMB = """<?xml version="1.0"?><!DOCTYPE feedback [<!ENTITY a "aaaaaaaaaa">{}]>"""
LAUGHS = "".join(f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(9))


def lines(*rows, **said):
    return dmarc.read(written.dmarc(*rows, **said), frozenset({OURS})).lines


@pytest.mark.parametrize("space", ["", written.NAMESPACE])
def test_an_aggregate_report_tells_who_sent_and_what_proved_it(space):
    told = dmarc.read(
        written.dmarc(
            written.row(OURS, 120),
            written.row(OURS, 3),
            written.row("198.51.100.23", 4, dkim="pass", spf="fail"),
            written.row("198.51.100.99", 9, dkim="fail", spf="fail", disposition="reject"),
            space=space,
        ),
        frozenset({OURS}),
    )
    assert (told.kind, told.reporter, told.identity, told.domain) == (
        "dmarc",
        "mailbox.example",
        "1",
        "news.example.org",
    )
    assert told.lines == (
        Line(OURS, "dkim and spf", "none", 123),
        Line("198.51.100.0/24", "dkim", "none", 4),
        Line("198.51.100.0/24", "nothing", "reject", 9),
    )


def test_of_anothers_address_the_network_is_kept():
    assert kept("2001:db8:abcd:12::1", frozenset()) == "2001:db8:abcd::/48"
    assert kept(" 198.51.100.23 ", frozenset()) == "198.51.100.0/24"
    assert kept(OURS, frozenset({OURS})) == OURS


@pytest.mark.parametrize(
    "text",
    [
        BOMB.format(LAUGHS).encode() + written.dmarc(written.row("&i;"), opening=""),
        written.dmarc(opening='<!DOCTYPE feedback SYSTEM "file:///etc/passwd">'),
        (BOMB.format(LAUGHS) + "<feedback>&i;</feedback>").encode("utf-16"),
        written.dmarc(written.row("&unknown;")),
        written.dmarc(written.row("nowhere")),
        written.dmarc(written.row(OURS, "many")),
        written.dmarc(written.row(OURS, -1)),
        written.dmarc(written.row(OURS, 10**20)),
        written.dmarc(identity=""),
        written.dmarc(domain=""),
        written.dmarc().replace(b"<end>", b"<end>x"),
        written.dmarc()[:-20],
        b"<feedback/>",
        b"<a>" * 5000,
        b"",
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_report_or_would_hurt_is_refused(text):
    with pytest.raises(Unreadable):
        dmarc.read(text, frozenset())


def test_more_rows_than_anybody_has_are_refused(monkeypatch):
    monkeypatch.setattr(dmarc, "MOST_ROWS", 3)
    assert len(lines(*[written.row(f"198.51.{at}.1") for at in range(3)])) == 3
    with pytest.raises(Unreadable, match="too many rows"):
        lines(*[written.row(f"198.51.{at}.1") for at in range(4)])


def test_a_tls_report_tells_how_many_were_encrypted_and_what_failed():
    (told,) = tls.read(written.tls(failures=((100, "certificate-expired"), (3, "made-up")), failed=110))
    assert (told.kind, told.reporter, told.domain) == ("tls", "Mailbox Example", "bounces.example.org")
    assert told.lines == (
        Line("", "encrypted", "sts", 5326),
        Line("mx.example.org", "certificate-expired", "sts", 100),
        Line("mx.example.org", "another failure", "sts", 3),
        Line("", "another failure", "sts", 7),
    )


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b"[]",
        b"[" * 100_000,
        b"{",
        written.tls(identity=" "),
        written.tls(went=-1),
        written.tls(went="many"),
        written.tls(went=True),
        written.tls().replace(b"T00:00:00Z", b" yesterday"),
        json.dumps({"date-range": 1, "policies": 2}).encode(),
    ],
)
def test_what_is_no_tls_report_is_refused(text):
    with pytest.raises(Unreadable):
        tls.read(text)


@given(st.binary(max_size=300))
def test_nothing_but_unreadable_is_raised_whatever_comes(text):
    for read in (lambda: dmarc.read(text, frozenset()), lambda: tls.read(text), lambda: unpacking.unpacked(text)):
        try:
            read()
        except Unreadable:
            continue


NUMBERS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 10**9)), max_size=30)


@given(NUMBERS)
def test_merging_loses_no_message_and_leaves_no_two_lines_alike(pairs):
    made = merged([Line(source, "dkim", "none", count) for source, count in pairs])
    assert sum(line.count for line in made) == sum(count for _, count in pairs)
    assert len({line.source for line in made}) == len(made) == len({source for source, _ in pairs})


@given(st.binary(max_size=5000))
def test_what_is_packed_comes_out_again(content):
    plain = content if content[:2] not in {b"\x1f\x8b", b"PK"} else b"x" + content
    assert unpacking.unpacked(gzip.compress(plain)) == unpacking.unpacked(written.zipped(plain)) == plain


@pytest.mark.parametrize("pack", [gzip.compress, written.zipped, lambda content: content])
def test_a_bomb_is_not_unpacked(monkeypatch, pack):
    monkeypatch.setattr(unpacking, "LARGEST", 1_000_000)
    assert len(unpacking.unpacked(pack(bytes(1_000_000)))) == 1_000_000
    with pytest.raises(Unreadable, match="too large"):
        unpacking.unpacked(pack(bytes(1_000_001)))


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"<feedback/>")[:-9],
        b"\x1f\x8bnonsense",
        written.zipped(b"x", copies=2),
        written.zipped(b"x")[:-30],
        b"PK\x03\x04nonsense",
    ],
    ids=["a short gzip", "no gzip", "two files", "a short zip", "no zip"],
)
def test_what_is_broken_or_holds_several_files_is_refused(content):
    with pytest.raises(Unreadable):
        unpacking.unpacked(content)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("application/gzip", "a.xml.gz"),
        ("application/zip", "a.zip"),
        ("application/octet-stream", "a.XML.GZ"),
        ("application/tlsrpt+gzip", "a"),
    ],
)
def test_a_report_is_found_in_its_mail_by_type_or_name(kind, name):
    mail = written.mail(written.packed(b"<feedback/>"), kind, name)
    assert unpacking.might_be(mail)
    assert list(unpacking.reports(mail)) == [b"<feedback/>"]


def test_a_mail_without_one_carries_none():
    assert not unpacking.might_be(b"Subject: Hello\r\n\r\nHello\r\n")
    assert list(unpacking.reports(written.mail(b"x", "application/pdf", "a.pdf"))) == []
