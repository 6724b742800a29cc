"""Each way in which servers return mail is understood, and no mail whatever makes the reading fail.

These mails are written by hand, after what is known of providers and servers that cannot be run here: Exchange, qmail,
Sendmail, complaints, people's own answers. Those that real servers made are read in test_recorded.py.
"""

import random
from pathlib import Path

import pytest
from delivery.bounces import corpus
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as some

from dispatch.delivery import verp
from dispatch.delivery.bounces import kinds, reading
from dispatch.delivery.bounces.kinds import Kind

MAILS = sorted((Path(__file__).parent / "mails").glob("*.eml"))
RECORDED = sorted(corpus.RECORDED.rglob("*.eml"))


def content(mail):
    """About a letter: send 7, reader 42."""
    return corpus.content(mail, verp.address(7, 42, corpus.DOMAIN).partition("@")[0])


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.stem)
def test_each_is_of_the_kind_that_its_name_says(mail):
    report = reading.read(content(mail))
    assert report.verdict.kind == mail.stem.partition(".")[0]
    if mail.stem != "complaint.arf_by_mark":
        assert report.letter == verp.Letter(7, 42)


def test_there_is_a_corpus_of_every_kind():
    assert len(MAILS) >= 40
    assert {mail.stem.partition(".")[0] for mail in MAILS} == set(Kind)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("hard.postfix_unknown", "550 5.1.1"),
        ("hard.qmail", "550 5.1.1"),
        ("hard.yandex_no_user", "550 5.7.1"),
        ("soft.gmail_full", "452 4.2.2"),
        ("hard.exim", "550"),
        ("hard.exchange_old", "5.1.1"),
        ("complaint.arf", ""),
    ],
)
def test_only_the_codes_are_kept_of_what_the_other_server_said(name, code):
    (mail,) = [mail for mail in MAILS if mail.stem == name]
    assert reading.read(content(mail)).verdict.code == code


def test_a_complaint_without_the_envelope_gives_mark_and_address():
    (mail,) = [mail for mail in MAILS if mail.stem == "complaint.arf_by_mark"]
    report = reading.read(content(mail))
    assert (report.letter, report.mark, report.recipient) == (None, corpus.MARK, "alice@example.org")


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.stem)
def test_crlf_and_lf_are_the_same(mail):
    unix = content(mail)
    assert reading.read(unix.replace(b"\n", b"\r\n")).verdict == reading.read(unix).verdict


@rules(deadline=None)
@given(some.randoms(use_true_random=False), some.sampled_from(MAILS + RECORDED), some.integers(1, 40))
def test_a_mutilated_mail_never_raises_and_never_invents_a_letter(chance: random.Random, mail, cuts):
    raw = bytearray(corpus.content(mail, "b-" + "0" * 32))
    for _ in range(cuts):
        at, length = chance.randrange(len(raw) + 1), chance.randrange(60)
        act = chance.randrange(4)
        if act == 0:
            del raw[at : at + length]
        elif act == 1:
            raw[at:at] = chance.randbytes(length)
        elif act == 2:
            raw[at:at] = raw[at : at + length] * 3
        else:
            raw[at:at] = chance.choice(
                [b"\r\n", b"\n\n", b"\0", b"--=_b\n", b"=?utf-8?b?!?=", b"charset=none;", b"\xff"]
            )
    assert reading.read(bytes(raw)).letter is None


@rules(deadline=None)
@given(some.binary(max_size=2000))
def test_any_bytes_may_come(raw):
    assert reading.read(raw).verdict.kind in Kind


@pytest.mark.parametrize(
    "raw",
    [
        b'Content-Type: multipart/mixed; boundary="a"\n\n'
        + b'--a\nContent-Type: multipart/mixed; boundary="a"\n\n' * 5000,
        b"Content-Type: message/rfc822\n\n" * 5000,
        b"Subject: " + b"=?utf-8?q?" * 20000 + b"\n\n",
        b"From: MAILER-DAEMON@a\n\n" + b"user " * 100_000,
        b"From: MAILER-DAEMON@a\n\n" + b"mailbox " + b"x" * 500_000,
        b"Content-Type: text/html\nFrom: MAILER-DAEMON@a\n\n" + b"<" * 500_000,
    ],
    ids=["nested", "nested messages", "encoded", "words", "a word", "tags"],
)
@pytest.mark.timeout(60)
def test_what_is_made_to_hurt_does_not(raw):
    assert reading.read(raw).letter is None


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        ("5.1.1", "550 5.1.1 <quota@example.org>: user unknown", "hard"),
        ("5.0.0", "550 no such user <spam@example.org>", "hard"),
        ("5.0.0", "550 5.7.1 <full@example.org>: no such user", "hard"),
        ("5.2.1", "550 5.2.1 <alice@example.org> is receiving mail too quickly", "soft"),
    ],
)
def test_an_address_is_no_word_of_the_reply(status, said, kind):
    assert kinds.judge(status, f"smtp; {said}").kind == kind


@pytest.mark.parametrize("family", "245")
@given(detail=some.tuples(some.integers(0, 999), some.integers(0, 999)))
def test_a_lasting_code_alone_strikes_off_and_a_passing_one_never(family, detail):
    status = f"{family}.{detail[0]}.{detail[1]}"
    kind = kinds.judge(status, "").kind
    assert (kind == Kind.HARD) == (family == "5" and f"{detail[0]}.{detail[1]}" in kinds.GONE)
    assert (kind == Kind.NOTICE) == (family == "2")
