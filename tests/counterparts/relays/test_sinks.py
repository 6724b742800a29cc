"""Postfix's smtp-sink with each of its faults: what its misbehaviour means to our readers, held against what it heard."""

import dataclasses
import re

import pytest
from faulty_relay import letters

from dispatch.delivery.mailers import dialling
from dispatch.delivery.mailers.base import Trouble
from dispatch.outcomes import Deferred, Refused, Sent, Unknown

pytestmark = pytest.mark.counterpart
HARD, SOFT = "550 5.3.0 no", "450 4.3.0 later"
FOUR = tuple(letters(4))
PATIENT = dialling.Patience(command=5, data=5, final=5)
HURRIED = dialling.Patience(greeting=1)


@pytest.fixture
def sent(smtp_sink, opened):
    """sent("-r", "RCPT") is what became of four letters to an smtp-sink with these options."""

    def answers(*words, messages=FOUR, patience=PATIENT, **options):
        with smtp_sink(*words) as (port, heard):
            relay = dialling.Relay(
                "127.0.0.1", port, security="none", patience=patience, **{"connections": 2} | options
            )
            answers = list(opened(relay).send(messages))
            hold_against(heard.read_text() if heard.exists() else "", messages, answers)
        return answers

    return answers


def hold_against(heard, messages, answers):
    """A message that it heard to the end is not one that we would send again, unless it refused it."""
    recipients = re.findall(r"^X-Rcpt-Args: <(.*)>$", heard, re.MULTILINE)
    assert len(recipients) == len(set(recipients)), "twice"
    for message, answer in zip(messages, answers, strict=False):
        if isinstance(answer, Sent):
            assert message.recipient in recipients, "lost"
        elif message.recipient in recipients:
            assert isinstance(answer, Unknown) or answer.code, answer
    untouched = {message.recipient for message in messages[len(answers) :]}
    assert not untouched & set(recipients)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("-8",),
        ("-a",),
        ("-c",),
        ("-C",),
        ("-e",),
        ("-E",),
        ("-f", "EHLO"),
        ("-f", "QUIT"),
        ("-F",),
        ("-h", "odd.example.org"),
        ("-N",),
        ("-p",),
        ("-P",),
        ("-R", "/"),
        ("-s", "MAIL"),
        ("-S", "From"),
        ("-t", "5"),
        ("-T", "1024"),
        ("-v",),
    ],
    ids=" ".join,
)
def test_odd_but_willing(sent, words):
    assert sent(*words) == [Sent()] * 4


@pytest.mark.parametrize("words", [("-w", "1"), ("-W", ".:1"), ("-p", "-W", "MAIL:1")], ids=" ".join)
def test_slow_but_willing(sent, words):
    assert sent(*words, messages=letters(2)) == [Sent()] * 2


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
def test_one_that_answers_in_another_order_than_it_is_asked_is_trouble_and_touches_nobody(sent, verb):
    """It does so where it is slow and pipelines."""
    (answer,) = sent("-W", f"{verb}:1")
    assert isinstance(answer, Trouble)


def test_slower_than_we_wait(sent):
    (answer,) = sent("-W", ".:1", messages=letters(1), patience=dialling.Patience(final=0.3))
    assert isinstance(answer, Unknown)


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        (("-r", "MAIL"), Trouble),
        (("-f", "MAIL"), Trouble),
        (("-r", "RCPT"), Deferred),
        (("-f", "RCPT"), Refused),
        (("-r", "DATA"), Deferred),
        (("-f", "DATA"), Refused),
        (("-r", "."), Deferred),
        (("-f", "."), Refused),
        (("-B", HARD, "-f", "RCPT"), Refused),
        (("-b", SOFT, "-r", "."), Deferred),
        (("-f", "RCPT,RSET"), Refused),
        (("-f", ".,RSET"), Refused),
        (("-A", "0"), Refused),
    ],
    ids=str,
)
def test_what_it_refuses_is_refused_as_its_verb_says(sent, words, meaning):
    answers = sent(*words)
    assert {type(answer) for answer in answers} == {meaning}, answers
    assert len(answers) == (1 if meaning is Trouble else 4)


@pytest.mark.parametrize(
    "words", [("-r", "CONNECT"), ("-f", "CONNECT"), ("-r", "EHLO"), ("-f", "EHLO,HELO"), ("-L",)], ids=" ".join
)
def test_one_that_does_not_let_us_in_is_trouble(sent, words):
    (answer,) = sent(*words)
    assert isinstance(answer, Trouble)


@pytest.mark.parametrize("how", ["-q", "-Q"])
def test_a_session_that_it_ends_instead_of_resetting_goes_on_over_another(sent, how):
    assert {type(answer) for answer in sent("-f", "RCPT", how, "RSET")} == {Refused}


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "EHLO,HELO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("how", ["-q", "-Q"])
def test_a_connection_that_it_ends_before_the_dot_is_trouble_and_touches_nobody(sent, how, verb):
    (answer,) = sent(how, verb)
    assert isinstance(answer, Trouble)


def test_a_message_to_which_it_says_421_was_not_taken(smtp_sink, opened):
    """So it goes over another connection, and twice is enough."""
    with smtp_sink("-Q", ".") as (port, heard):
        (answer,) = opened(dialling.Relay("127.0.0.1", port, security="none")).send(letters(1))
        assert answer.code.startswith("421")
        assert heard.read_text().count("X-Rcpt-Args: <alice@example.org>") == 2


@pytest.mark.parametrize(
    ("words", "meanings"),
    [
        (("-q", "."), [Unknown] * 4),
        (("-M", "1"), [Unknown, Trouble]),
        (("-M", "3"), [Sent, Sent, Unknown, Trouble]),
        (("-n", "1"), [Sent] * 4),
    ],
    ids=str,
)
def test_a_message_after_which_it_goes_is_in_doubt(sent, words, meanings):
    assert [type(answer) for answer in sent(*words, connections=1)] == meanings


def test_a_relay_that_leaves_a_second_connection_waiting_gets_all_over_the_first(sent):
    assert sent("-m", "1", connections=4, messages=letters(20), patience=HURRIED) == [Sent()] * 20


def test_a_receiver_that_lets_its_buffers_fill_up_is_waited_for(sent):
    (small,) = letters(1)
    large = dataclasses.replace(small, data=small.data + b"a line of it\r\n" * 400_000)
    assert sent("-H", "1", "-T", "4096", messages=[large]) == [Sent()]
