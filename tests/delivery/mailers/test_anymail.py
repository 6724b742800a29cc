"""Letters through a provider's API that counts connections: kept sessions, several at once, each letter once."""

import json
import re
import threading

import certificates
import provider_api
import pytest

from dispatch.delivery import relays
from dispatch.delivery.mailers import provider, roll
from dispatch.delivery.mailers.base import Message, Trouble
from dispatch.outcomes import Deferred, Refused, Sent, Unknown

TAKEN = (200, '{"id": "1", "messageId": "<1@provider>"}')
KEY = re.compile(r'"idempotencyKey": "([^"]*)"')


def letter(number, attempt=0):
    """Of Alice, whose Message-ID has the number."""
    head = f"From: Office <news@example.org>\r\nTo: alice@example.org\r\nMessage-ID: <m{number}@mail.example.org>\r\n"
    data = f"{head}Subject: News\r\nContent-Type: text/plain\r\n\r\nHello\r\n".encode()
    return Message("news@example.org", "alice@example.org", data, attempt=attempt)


def number(asked):
    return int(re.search(r"m(\d+)@mail", asked.body)[1])


def only(which, answer):
    """One of the letters meets this, the others are taken."""
    return lambda asked: answer if number(asked) == which else TAKEN


def key(asked, name):
    if name == "resend":
        return asked.headers.get("Idempotency-Key", "")
    found = KEY.search(asked.body)
    return found[1] if found else ""


@pytest.fixture(autouse=True)
def on_a_busy_machine(monkeypatch):
    """A session that was held up is not taken for one at rest."""
    monkeypatch.setattr(provider, "REST", 600.0)


@pytest.fixture
def api():
    with provider_api.serving() as serving:
        yield serving


@pytest.fixture
def mailer_of(api):
    """mailer_of("brevo", connections=2) is one that speaks to it."""
    made = []

    def make(name="brevo", room=None, **options):
        words = "".join(f"&{option}={value}" for option, value in options.items())
        made.append(relays.mailer_of(f"anymail+{name}://?api_key=k&api_url={api.url}{words}", room, "api")[1])
        return made[-1]

    yield make
    for mailer in made:
        mailer.close()


class Room:
    """So many at a time; after `looks` of them none."""

    def __init__(self, most, looks=1000):
        self.allowed, self.looks, self.rested = most, looks, False

    def most(self, standing):
        self.looks -= 1
        return self.allowed if self.looks >= 0 else 0

    def rest(self, resting):
        self.rested = True
        return 0, None


def test_a_chunks_letters_share_sessions_and_several_are_under_way(api, mailer_of):
    together = threading.Barrier(4)
    api.answer = lambda asked: (number(asked) < 4 and together.wait(60), TAKEN)[1]
    mailer = mailer_of()
    assert [type(answer) for answer in mailer.send(map(letter, range(40)))] == [Sent] * 40
    assert sorted(map(number, api.asked)) == list(range(40))
    assert (api.connections, api.most_at_once) == (4, 4)
    assert sum(one["count"] for one in roll.call() if one["relay"] == "api") == 4
    mailer.close()
    assert not [one for one in roll.call() if one["relay"] == "api"]


def test_a_second_errand_of_the_same_mailer_finds_the_sessions_open(api, mailer_of):
    mailer = mailer_of(connections=1)
    list(mailer.send(map(letter, range(3))))
    list(mailer.send(map(letter, range(3, 6))))
    assert (api.connections, len(api.asked)) == (1, 6)


def test_encryption_is_agreed_on_once_a_session(tmp_path, monkeypatch):
    certificate = certificates.make(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with provider_api.serving(certificate) as api:
        _, mailer = relays.mailer_of(f"anymail+brevo://?api_key=k&connections=2&api_url={api.url}")
        assert {type(answer) for answer in mailer.send(map(letter, range(20)))} == {Sent}
        assert api.connections <= 2
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        mailer.close()
        (answer,) = mailer.send([letter(99)])  # a certificate that is not to be trusted: nothing was sent
        assert isinstance(answer, Trouble)
        assert 99 not in map(number, api.asked)
        mailer.close()


def test_what_stood_idle_is_made_anew(api, mailer_of, monkeypatch):
    monkeypatch.setattr(provider, "REST", -1.0)
    assert len(list(mailer_of(connections=1).send(map(letter, range(3))))) == 3
    assert api.connections == 3


def test_answers_come_in_the_letters_order_whichever_is_heard_first(api, mailer_of):
    last = threading.Event()

    def answer(asked):
        if number(asked) == 0:
            assert last.wait(60)
        if number(asked) == 3:
            last.set()
        return (406, "{}") if number(asked) == 2 else TAKEN

    api.answer = answer
    found = list(mailer_of().send(map(letter, range(4))))
    assert [type(one) for one in found] == [Sent, Sent, Refused, Sent]


def test_letters_are_made_and_let_go_in_the_callers_thread_and_none_after_a_no(api, mailer_of):
    threads = set()

    def leaving(place):
        threads.add(threading.get_ident())
        return place < 5

    found = list(mailer_of().send(map(letter, range(9)), leaving))
    assert (len(found), sorted(map(number, api.asked))) == (5, [0, 1, 2, 3, 4])
    assert threads == {threading.get_ident()}


def test_whoever_holds_back_is_asked_again_after_the_next_answer(api, mailer_of):
    given = iter([letter(0), None, letter(1), None, letter(2)])
    assert len(list(mailer_of().send(given))) == 3
    assert api.most_at_once == 1


def test_no_more_connections_than_the_relay_may_have(api, mailer_of):
    room = Room(2)
    mailer = mailer_of(room=room)
    assert len(list(mailer.send(map(letter, range(20))))) == 20
    assert api.most_at_once <= 2
    assert api.connections <= 2
    mailer.close()
    assert room.rested


def test_who_may_have_none_any_more_ends_after_the_letters_under_way(api, mailer_of):
    found = list(mailer_of(room=Room(2, looks=3)).send(map(letter, range(20))))
    assert {type(answer) for answer in found} == {Sent}
    assert sorted(map(number, api.asked)) == list(range(len(found)))
    assert 2 <= len(found) < 20


def test_trouble_ends_it_and_each_letter_before_has_its_own_answer(api, mailer_of):
    api.answer = lambda asked: TAKEN if number(asked) < 3 else (401, "{}")
    found = list(mailer_of().send(map(letter, range(20))))
    assert [type(answer) for answer in found[:3]] == [Sent] * 3
    assert [type(answer) for answer in found[3:]] == [Trouble]
    assert len(api.asked) < 20


def test_a_letter_in_trouble_while_a_later_one_is_taken_waits(api, mailer_of):
    later = threading.Event()

    def answer(asked):
        if number(asked) == 1:
            later.set()
            return TAKEN
        return (401, "{}") if later.wait(60) else TAKEN

    api.answer = answer
    found = list(mailer_of(connections=2).send(map(letter, range(2))))
    assert [type(answer) for answer in found] == [Deferred, Sent]


def test_no_answer_is_unknown_for_that_letter_alone_and_it_is_not_asked_for_again(api, mailer_of):
    api.answer = only(2, provider_api.HANG_UP)
    found = list(mailer_of("brevo").send(map(letter, range(6))))
    assert [type(answer) for answer in found] == [Sent, Sent, Unknown, Sent, Sent, Sent]
    assert sorted(map(number, api.asked)) == list(range(6))


def test_an_address_that_a_provider_cannot_write_waits_alone_and_is_no_trouble_of_the_relay(api):
    words = f"secret_key=k&project_id=k&api_url={api.url}"
    odd = Message("news@example.org", "аліса@example.org", letter(1).data.replace(b"alice@", "аліса@".encode()))
    (answer,) = relays.mailer_of(f"anymail+scaleway://?{words}")[1].send([odd])
    assert isinstance(answer, Deferred)
    assert (answer.code, api.asked) == ("5.7.0", [])


def test_whoever_stops_asking_leaves_no_letter_behind(api, mailer_of):
    api.latency = 0.2
    answers = mailer_of().send(map(letter, range(20)))
    next(answers)
    answers.close()
    assert api.at_once == 0


def test_a_mistake_in_a_thread_is_raised_to_the_caller_once_all_are_answered(api, mailer_of, monkeypatch):
    ask = provider.Session._ask

    def asking(session, message):
        if b"m1@" in message.data:
            raise RuntimeError("a mistake")
        return ask(session, message)

    monkeypatch.setattr(provider.Session, "_ask", asking)
    with pytest.raises(RuntimeError, match="a mistake"):
        list(mailer_of().send(map(letter, range(8))))
    assert api.at_once == 0
    assert 1 not in map(number, api.asked)


@pytest.mark.parametrize("name", ["resend", "brevo"])
def test_the_key_of_a_letter_is_the_same_until_it_is_surely_not_taken_and_names_nobody(api, mailer_of, name):
    list(mailer_of(name, connections=1).send([letter(1), letter(1), letter(1, attempt=1), letter(2)]))
    first, again, after_a_no, another = (key(asked, name) for asked in api.asked)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", first)
    assert first == again
    assert len({first, after_a_no, another}) == 3


def test_whom_no_key_helps_is_given_none(api, mailer_of):
    for name in ("mailersend", "scaleway", "postmark"):
        words = f"api_token=k&server_token=k&secret_key=k&project_id=k&api_url={api.url}"
        list(relays.mailer_of(f"anymail+{name}://?{words}")[1].send([letter(1)]))
    assert len(api.asked) == 3
    assert not [asked for asked in api.asked if "dempotency" in f"{asked.headers}{asked.body}"]


class Remembering:
    """Resend: the first answer to each key again, and one mail for it; some answers never arrive."""

    def __init__(self, *lost):
        self.lost, self.mails = list(lost), {}

    def __call__(self, asked):
        self.mails.setdefault(key(asked, "resend"), number(asked))
        return self.lost.pop(0) if self.lost else (200, json.dumps({"id": key(asked, "resend")}))


@pytest.mark.parametrize("lost", [provider_api.HANG_UP, (500, "{}"), (502, "nonsense"), (200, "nonsense")])
def test_resend_is_asked_again_for_an_answer_that_did_not_arrive_and_sends_once(api, mailer_of, lost):
    api.answer = remembering = Remembering(lost)
    found = list(mailer_of("resend", connections=1).send(map(letter, range(3))))
    assert [type(answer) for answer in found] == [Sent] * 3
    assert [number(asked) for asked in api.asked] == [0, 0, 1, 2]
    assert sorted(remembering.mails.values()) == [0, 1, 2]


def test_resend_that_does_not_answer_twice_leaves_it_unknown(api, mailer_of):
    api.answer = Remembering(provider_api.HANG_UP, (409, '{"name": "concurrent_idempotent_requests"}'))
    (answer,) = mailer_of("resend").send([letter(1)])
    assert isinstance(answer, Unknown)
    assert len(api.asked) == 2


@pytest.mark.parametrize(
    ("name", "says", "outcome"),
    [
        ("brevo", (400, '{"code": "duplicate_parameter"}'), Unknown),
        ("brevo", (400, '{"code": "invalid_parameter"}'), Deferred),
        ("brevo", (400, "nonsense"), Deferred),
        ("resend", (409, '{"name": "invalid_idempotent_request"}'), Unknown),
        ("postmark", (409, "{}"), Refused),
    ],
)
def test_a_letter_that_was_asked_for_before_is_neither_refused_nor_taken_for_sent(api, mailer_of, name, says, outcome):
    api.answer = lambda _: says
    (answer,) = mailer_of(name, server_token="k").send([letter(1)])
    assert isinstance(answer, outcome)


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("connections=none", "connections is not a number"),
        ("connections=0.5", "at least one"),
        ("timeout=x", "timeout"),
    ],
)
def test_an_option_that_makes_no_sense_is_said_in_words(option, why):
    with pytest.raises(relays.Unusable, match=why):
        relays.mailer_of(f"anymail+brevo://?api_key=k&{option}")


def test_patience_is_the_addresss(api, mailer_of):
    api.latency = 3
    (answer,) = mailer_of(timeout="0.2").send([letter(1)])
    assert isinstance(answer, Unknown)
