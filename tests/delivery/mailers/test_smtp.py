"""A window over several connections: order, sharing, what is kept and what is let go."""

import dataclasses
import itertools
import threading

import pytest
from faulty_relay import CAST, Fault, letter, letters

from dispatch.delivery.mailers import shelf
from dispatch.delivery.mailers.base import Message, Misaddressed, Trouble
from dispatch.outcomes import Deferred, Refused, Sent, Unknown

INTERNATIONAL = ("PIPELINING", "SMTPUTF8", "8BITMIME")


def test_a_window_is_shared_by_connections_each_letter_with_one_recipient(relay, mailer):
    server = relay()
    assert list(mailer(server, connections=3).send(letters(20))) == [Sent()] * 20
    assert sorted(one.recipients[0] for one in server.taken) == sorted(one.recipient for one in letters(20))
    assert all(len(one.recipients) == 1 for one in server.taken)
    assert {one.connection for one in server.taken} == {1, 2, 3}


def test_no_more_connections_are_opened_than_there_are_letters(relay, mailer):
    server = relay()
    assert list(mailer(server, connections=8).send(letters(2))) == [Sent(), Sent()]
    assert server.connections == 2


def test_answers_come_in_order_though_one_is_late(relay, mailer):
    server = relay(Fault("END", "late", 1), Fault("RCPT", "550 5.1.1 no", 5))
    answers = list(mailer(server, connections=3).send(letters(8)))
    refused = next(place for place, answer in enumerate(answers) if isinstance(answer, Refused))
    assert letters(8)[refused].recipient not in {one.recipients[0] for one in server.taken}
    assert len(server.taken) == 7


def test_the_next_envelope_leaves_with_the_body_before_it(relay, mailer):
    """RFC 2920: with one connection, as many round trips as letters, and one more."""
    server = relay()
    list(mailer(server, connections=1).send(letters(3)))
    assert [line.split()[0] for line in server.heard] == ["EHLO", *["MAIL", "RCPT", "DATA"] * 3]


def test_chunking_is_used_where_it_is_offered(relay, mailer):
    server = relay(offers=("PIPELINING", "CHUNKING"))
    assert list(mailer(server, connections=1).send(letters(2))) == [Sent(), Sent()]
    assert [line for line in server.heard if line.startswith("BDAT")] == [
        f"BDAT {len(one.data)} LAST" for one in letters(2)
    ]
    assert [one.data for one in server.taken] == [one.data for one in letters(2)]


def test_without_pipelining_every_command_waits_for_its_reply(relay, mailer):
    server = relay(Fault("RCPT", "550 5.1.1 no"), offers=())
    list(mailer(server, connections=1).send(letters(2)))
    assert [line.split()[0] for line in server.heard] == ["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA"]


def test_a_relay_that_wants_a_message_for_nobody_gets_an_empty_one(relay, mailer):
    """RFC 2920 section 3.1: DATA may be answered with 354 though every recipient was refused."""
    server = relay(Fault("RCPT", "550 5.1.1 no", 2), is_lenient=True)
    answers = list(mailer(server, connections=1).send(letters(4)))
    assert [type(one) for one in answers] == [Sent, Refused, Sent, Sent]
    assert [one.recipients for one in server.taken] == [
        [f"{name}@example.org"] for name in ("alice", "charlie", "dora")
    ]
    assert server.connections == 1


def test_letters_are_asked_for_when_a_connection_is_free(relay, mailer):
    server, asked = relay(Fault("END", "never")), []

    def give():
        for name in CAST[:6]:
            asked.append(name)
            yield letter(name)

    list(mailer(server, connections=1, patience={"final": 0.2}).send(itertools.islice(give(), 1)))
    assert asked == ["alice"]


def test_what_may_not_leave_stays_and_so_does_the_rest(relay, mailer):
    server = relay()
    answers = list(mailer(server, connections=1).send(letters(5), lambda place: place < 2))
    assert answers == [Sent(), Sent()]
    assert len(server.taken) == 2


def test_each_letter_is_announced_right_before_it_leaves(relay, mailer):
    server, announced = relay(Fault("RCPT", "550 5.1.1 no", 2)), []
    list(mailer(server, connections=1).send(letters(3), lambda place: announced.append(place) or True))
    assert announced == [0, 2]


def test_whoever_gives_may_stop_and_what_is_under_way_is_still_answered(relay, mailer):
    server, stopped = relay(), threading.Event()
    given = itertools.takewhile(lambda _: not stopped.is_set(), letters(2000))
    answers = []
    for answer in mailer(server, connections=3).send(given):
        answers.append(answer)
        stopped.set()
    assert answers == [Sent()] * len(server.taken)
    assert 0 < len(answers) < 2000


def test_connections_that_were_left_in_the_middle_are_not_used_again(relay, mailer):
    server = relay(Fault("MAIL", "never", 2))
    post = mailer(server, connections=1)
    for _ in post.send(letters(5)):
        break
    assert list(post.send([letter("frank")])) == [Sent()]
    assert [one.connection for one in server.taken] == [1, 2]


def test_one_bad_relay_is_one_trouble_and_nobody_is_burnt(relay, mailer):
    server = relay(*(Fault("MAIL", "550 5.7.1 not your sender", nth) for nth in range(1, 9)))
    (answer,) = mailer(server, connections=4).send(letters(8))
    assert answer == Trouble("the relay does not take our sender", "550 5.7.1")


def test_trouble_behind_which_another_letter_was_taken_is_a_wait(relay, mailer):
    server = relay(Fault("MAIL", "late: 451 4.3.0 later", 1))
    answers = list(mailer(server, connections=2).send(letters(6)))
    assert answers.count(Sent()) == 5
    (wait,) = [answer for answer in answers if answer != Sent()]
    assert isinstance(wait, Deferred)


def test_a_relay_that_takes_two_connections_gets_two(relay, mailer):
    server = relay(Fault("GREETING", "421 4.7.0 too many", 3), Fault("GREETING", "421 4.7.0 too many", 4))
    assert list(mailer(server, connections=4).send(letters(20))) == [Sent()] * 20
    assert {one.connection for one in server.taken} == {1, 2}


def test_a_relay_that_leaves_a_third_connection_waiting_keeps_nobody_waiting(relay, mailer):
    server = relay(Fault("GREETING", "never", 3))
    assert list(mailer(server, connections=4, patience={"greeting": 0.5}).send(letters(20))) == [Sent()] * 20
    assert {one.connection for one in server.taken} == {1, 2}


def test_a_connection_carries_so_many_messages_and_then_says_goodbye(relay, mailer):
    server = relay()
    post = mailer(server, connections=1, messages=3)
    assert list(post.send(letters(6))) + list(post.send([letter("frank")])) == [Sent()] * 7
    post.close()
    shelf.clear()
    assert [one.connection for one in server.taken] == [1, 1, 1, 2, 2, 2, 3]
    assert server.heard.count("QUIT") == 3


def test_a_connection_lives_so_long(relay, mailer):
    server = relay()
    assert list(mailer(server, connections=1, seconds=1e-9).send(letters(3))) == [Sent()] * 3
    assert [one.connection for one in server.taken] == [1, 2, 3]


def test_a_connection_rests_between_chunks_and_is_used_again(relay, mailer):
    server = relay()
    for message in letters(3):
        post = mailer(server, connections=1)
        assert list(post.send([message])) == [Sent()]
        post.close()
    assert server.connections == 1


def test_one_that_spoke_or_hung_up_while_it_rested_is_not(relay, mailer):
    server = relay()
    for message in letters(2):
        post = mailer(server, connections=1)
        assert list(post.send([message])) == [Sent()]
        post.close()
        server.open[-1].sendall(b"421 4.4.2 idle\r\n")
    assert server.connections == 2


def test_one_that_spoke_between_two_windows_is_not(relay, mailer):
    server = relay()
    post = mailer(server, connections=1)
    assert list(post.send(letters(1))) == [Sent()]
    server.open[-1].sendall(b"250 2.0.0 unasked\r\n")
    assert list(post.send(letters(2)[1:])) == [Sent()]
    assert server.connections == 2


def test_a_knock_connects_and_sends_nothing(relay, mailer):
    server = relay()
    assert mailer(server).knock() is None
    assert server.heard == ["EHLO localhost"]
    assert isinstance(mailer(relay(Fault("GREETING", "554 5.7.1 no"))).knock(), Trouble)


def test_a_reply_that_never_comes_is_unknown(relay, mailer):
    (answer,) = mailer(relay(Fault("END", "never")), patience={"final": 0.2}).send(letters(1))
    assert isinstance(answer, Unknown)


def test_size_is_declared_and_what_is_too_large_waits(relay, mailer):
    server = relay(offers=("PIPELINING", "SIZE 80"))
    first, second = letters(2)
    small = dataclasses.replace(first, data=b"To: alice@example.org\r\n\r\nHi\r\n")
    assert [type(one) for one in mailer(server, connections=1).send([small, second])] == [Sent, Deferred]
    assert f"MAIL FROM:<news@example.org> SIZE={len(small.data)}" in server.heard


def international(address):
    return Message("news@example.org", address, f"To: {address}\r\n\r\nHi\r\n".encode())


def test_an_international_address_needs_a_relay_that_takes_it(relay, mailer):
    (answer,) = mailer(relay(offers=("PIPELINING", "8BITMIME"))).send([international("аліса@example.org")])
    assert answer == Refused(reason="the relay takes no international addresses", code="550 5.6.7")
    server = relay(offers=INTERNATIONAL)
    assert list(mailer(server).send([international("аліса@example.org")])) == [Sent()]
    assert "MAIL FROM:<news@example.org> SMTPUTF8 BODY=8BITMIME" in server.heard
    assert server.taken[0].recipients == ["аліса@example.org"]


def test_smtputf8_is_asked_for_only_where_an_address_needs_it(relay, mailer):
    server = relay(offers=INTERNATIONAL)
    list(mailer(server).send(letters(1)))
    assert "MAIL FROM:<news@example.org>" in server.heard


def test_an_international_domain_is_written_in_a_labels(relay, mailer):
    server = relay()
    message = dataclasses.replace(international("alice@прыклад.бел"))
    assert list(mailer(server).send([message])) == [Sent()]
    assert server.taken[0].recipients == ["alice@xn--80aiqesg1f.xn--90ais"]


@pytest.mark.parametrize(
    ("recipient", "data"),
    [
        ("alice@example.org", b"To: bob@example.org\r\n\r\nHi\r\n"),
        ("alice@example.org", b"To: alice@example.org\r\nCc: bob@example.org\r\n\r\nHi\r\n"),
        ("alice@example.org", b"To: alice@example.org\r\n ,bob@example.org\r\n\r\nHi\r\n"),
        ("alice@example.org", b"To: alice@example.org\r\nto: bob@example.org\r\n\r\nHi\r\n"),
        ("alice@example.org", b"To: alice@example.org\r\nno empty line\r\n"),
        ("a@b.org>\r\nRCPT TO:<c@d.org", b"To: a@b.org>\r\nRCPT TO:<c@d.org\r\n\r\nHi\r\n"),
        ("alice@example.org", b"To: alice@example.org\r\n\r\nno last line end"),
    ],
)
def test_there_is_no_message_that_is_not_for_exactly_its_reader(recipient, data):
    with pytest.raises(Misaddressed):
        Message("news@example.org", recipient, data)
    with pytest.raises(Misaddressed):
        Message("news@example.org", recipient, data, [b"more", b"no last line end"])


def test_a_sender_that_is_not_one_address_stops_everything(relay, mailer):
    server = relay()
    odd = Message("news@a.org> SIZE=1", "alice@example.org", b"To: alice@example.org\r\n\r\nHi\r\n")
    with pytest.raises(Misaddressed):
        list(mailer(server, connections=1).send([*letters(1), odd]))
    assert len(server.taken) <= 1


def test_a_message_in_pieces_arrives_as_one(relay, mailer):
    server = relay()
    (plain,) = letters(1)
    head, _, body = plain.data.partition(b"\r\n\r\n")
    pieces = [b"", body[:1], body[1:-2], b"\r\n"]
    assert list(mailer(server).send([Message(plain.sender, plain.recipient, head + b"\r\n\r\n", pieces)])) == [Sent()]
    assert server.taken[0].data == plain.data


def test_a_message_in_very_many_pieces_arrives_as_one(relay, mailer):
    """More than the system takes in one call."""
    server = relay()
    (plain,) = letters(1)
    pieces = [b"a line of it\r\n"] * 3000
    assert list(mailer(server).send([Message(plain.sender, plain.recipient, plain.data, pieces)])) == [Sent()]
    assert server.taken[0].data == plain.data + b"".join(pieces)
