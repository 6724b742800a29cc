"""Every verb answered wrongly in every way, over three kinds of relay: nobody is lost, nobody gets it twice, nobody is burnt.

The relay knows what it took; each answer is held against that.
"""

import pytest
from faulty_relay import Fault, letters

from dispatch.delivery.mailers.base import Trouble
from dispatch.outcomes import Deferred, Refused, Sent, Unknown

KINDS = {
    "pipelining": ("PIPELINING", "8BITMIME", "SIZE 100000"),
    "chunking": ("PIPELINING", "CHUNKING", "8BITMIME", "SIZE 100000"),
    "lockstep": ("8BITMIME",),
}
REPLIES = (
    "421 4.3.2 closing",
    "451 4.3.0 later",
    "452 4.5.3 too many",
    "535 5.7.8 who",
    "550 5.1.1 no",
    "554 5.5.0 no",
)
LOST = ("drop", "reset", "half a reply", "garbage", "never")
HARMLESS = ("late", "slowly")
WHERE_IN_BODY = ("drop at the first byte", "drop in the middle", "reset in the middle", "drop before the dot")
PATIENCE = dict.fromkeys(("command", "data", "final", "greeting", "hello"), 0.8)
MEANING = {
    ("MAIL", "4"): Trouble,
    ("MAIL", "5"): Trouble,
    ("RCPT", "4"): Deferred,
    ("RCPT", "5"): Refused,
    ("DATA", "4"): Deferred,
    ("DATA", "5"): Refused,
    ("END", "4"): Deferred,
    ("END", "5"): Refused,
}


def verbs(kind):
    return ("MAIL", "RCPT", "END") if kind == "chunking" else ("MAIL", "RCPT", "DATA", "END")


def faults(acts, kinds=tuple(KINDS)):
    return [
        pytest.param(kind, Fault(verb, act, turn), id=f"{kind}, {verb} {turn}: {act[:3] if act[0].isdigit() else act}")
        for kind in kinds
        for verb in verbs(kind)
        for act in acts
        for turn in (1, 2)
    ]


def tell(relay, mailer, messages):
    """Send, and hold each answer against what the relay has."""
    answers = list(mailer.send(messages))
    taken = [(tuple(one.recipients), one.data) for one in relay.taken]
    assert len(taken) == len(set(taken)), "twice"
    for message, answer in zip(messages, answers, strict=False):
        has_it = ((message.recipient,), message.data) in taken
        assert has_it == isinstance(answer, Sent) or isinstance(answer, Unknown), answer
    for message in messages[len(answers) :]:
        assert ((message.recipient,), message.data) not in taken
    assert set(taken) <= {((message.recipient,), message.data) for message in messages}
    assert len(answers) == len(messages) or isinstance(answers[-1], Trouble)
    assert not any(isinstance(answer, Trouble) for answer in answers[:-1])
    assert relay.wrong == []
    for connection, before in relay.strange.items():
        assert connection not in {one.connection for one in relay.taken[before:]}, "used in an unknown state"
    return answers


@pytest.mark.parametrize(("kind", "fault"), faults(REPLIES))
@pytest.mark.parametrize("connections", [1, 3])
def test_a_refusal_means_what_its_verb_says(relay, mailer, kind, fault, connections):
    server = relay(fault, offers=KINDS[kind])
    answers = tell(server, mailer(server, connections=connections), letters(5))
    if fault.act.startswith("421"):
        assert answers == [Sent()] * 5
        return
    meaning = Trouble if fault.act.startswith("535") else MEANING[fault.verb, fault.act[0]]
    others = [answer for answer in answers if answer != Sent()]
    if meaning is Trouble:  # where a later letter was under way, the one in between waits for another day
        assert all(isinstance(one, Deferred) for one in others[:-1])
        assert others == [] or isinstance(others[-1], Trouble | Deferred)
        assert any(isinstance(one, Trouble | Deferred) for one in answers)
    else:
        assert [type(one) for one in others] == [meaning]
        assert others[0].code == " ".join(fault.act.split()[:2])


@pytest.mark.parametrize(
    ("reply", "meaning"),
    [
        ("500 5.3.0 no", Refused),
        ("504 5.1.1 no", Refused),
        ("500 5.5.2 what", Sent),
        ("502 what", Sent),
        ("503 5.5.1 when", Sent),
    ],
)
def test_a_code_for_a_lost_thread_is_a_refusal_where_the_enhanced_code_says_so(relay, mailer, reply, meaning):
    """Else the letter goes over another connection, where both sides know again where they are."""
    server = relay(Fault("RCPT", reply, 2))
    answers = tell(server, mailer(server, connections=1), letters(4))
    assert [type(answer) for answer in answers] == [Sent, meaning, Sent, Sent]


@pytest.mark.parametrize(("kind", "fault"), faults(LOST))
@pytest.mark.parametrize("connections", [1, 3])
def test_a_connection_that_is_lost_leaves_at_most_its_own_letter_in_doubt(relay, mailer, kind, fault, connections):
    server = relay(fault, offers=KINDS[kind])
    answers = tell(server, mailer(server, connections=connections, patience=PATIENCE), letters(5))
    unknown = [answer for answer in answers if isinstance(answer, Unknown)]
    assert len(unknown) == (fault.verb == "END")
    assert len([answer for answer in answers if answer == Sent()]) == 5 - len(unknown)


@pytest.mark.parametrize(("kind", "fault"), faults(HARMLESS))
def test_replies_that_come_late_or_byte_by_byte_are_replies(relay, mailer, kind, fault):
    server = relay(fault, offers=KINDS[kind])
    assert tell(server, mailer(server, connections=2), letters(5)) == [Sent()] * 5


@pytest.mark.parametrize(("kind", "fault"), faults(["twice"], kinds=("pipelining", "lockstep")))
def test_a_reply_too_many_ends_the_connection(relay, mailer, kind, fault):
    """DATA's 354 shows it; with BDAT nothing would, unless it came before the message was written."""
    server = relay(fault, offers=KINDS[kind])
    assert tell(server, mailer(server, connections=1), letters(5)) == [Sent()] * 5
    assert server.connections == 2


@pytest.mark.parametrize("act", WHERE_IN_BODY)
@pytest.mark.parametrize("kind", ["pipelining", "lockstep"])
def test_a_body_that_was_cut_is_unknown_once_all_of_it_was_written(relay, mailer, kind, act):
    server = relay(Fault("BODY", act, 2), offers=KINDS[kind])
    answers = tell(server, mailer(server, connections=1), letters(4))
    assert [type(answer) for answer in answers] == [Sent, Unknown, Sent, Sent]


@pytest.mark.parametrize("act", ["drop in the middle", "reset in the middle"])
def test_a_body_that_was_cut_before_all_of_it_was_written_goes_over_another_connection(relay, mailer, act):
    server = relay(Fault("BODY", act, 1))
    first, second = letters(2)
    large = type(first)(first.sender, first.recipient, first.data + (b"a line of it" * 80 + b"\r\n") * 16_000)
    server.offers = ("PIPELINING",)
    assert tell(server, mailer(server, connections=1), [large, second]) == [Sent(), Sent()]


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_taken_without_a_word_is_unknown_and_not_sent_again(relay, mailer, kind):
    server = relay(Fault("END", "take it and drop", 2), offers=KINDS[kind])
    answers = tell(server, mailer(server, connections=1), letters(4))
    assert [type(answer) for answer in answers] == [Sent, Unknown, Sent, Sent]
    assert len(server.taken) == 4


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("act", [*LOST, "503 5.5.1 what", "421 4.3.2 closing"])
def test_a_session_that_cannot_be_reset_is_left(relay, mailer, kind, act):
    server = relay(Fault("RCPT", "550 5.1.1 no", 2), Fault("RSET", act), offers=KINDS[kind])
    answers = tell(server, mailer(server, connections=1, patience=PATIENCE), letters(4))
    assert [type(answer) for answer in answers] == [Sent, Refused, Sent, Sent]
    assert server.connections == 2


@pytest.mark.parametrize("act", [*REPLIES, *LOST])
@pytest.mark.parametrize("verb", ["GREETING", "EHLO"])
def test_a_relay_that_does_not_let_us_in_is_trouble_and_touches_nobody(relay, mailer, verb, act):
    server = relay(Fault(verb, act), Fault("HELO", act))
    (answer,) = tell(server, mailer(server, patience=PATIENCE), letters(3))
    assert isinstance(answer, Trouble)
    assert server.taken == []


def test_an_old_relay_is_greeted_in_the_old_way(relay, mailer):
    server = relay(Fault("EHLO", "502 5.5.2 what"), offers=())
    assert tell(server, mailer(server, connections=1), letters(3)) == [Sent()] * 3


@pytest.mark.parametrize("act", LOST)
@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_that_loses_every_connection_is_trouble_after_two(relay, mailer, kind, act):
    server = relay(*(Fault("RCPT", act, nth) for nth in range(1, 9)), offers=KINDS[kind])
    (answer,) = tell(server, mailer(server, connections=1, patience=PATIENCE), letters(3))
    assert isinstance(answer, Trouble)
    assert server.connections == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_relay_that_closes_after_each_letter_still_takes_them_all(relay, mailer, kind):
    server = relay(*(Fault("MAIL", "421 4.7.0 enough", nth) for nth in range(2, 12, 2)), offers=KINDS[kind])
    assert tell(server, mailer(server, connections=1), letters(5)) == [Sent()] * 5
