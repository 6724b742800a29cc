"""A letter that somebody waits for goes through the next relay at once where one surely did not take it, and never twice."""

from datetime import timedelta

import faulty_relay
import ports
import provider_api
import pytest
from django.utils import timezone
from faulty_relay import SURELY_NOT, Fault

from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.audience import letters as writing
from dispatch.audience.models import Letter
from dispatch.delivery import berths, letters, relays
from dispatch.delivery.mailers import shelf
from dispatch.delivery.models import Relay

pytestmark = pytest.mark.django_db
URL = "smtp://127.0.0.1:{}?security=none&wait_final=0.4&wait_data=0.4&wait_command=0.4"
MAYBE = [
    Fault("END", "take it and drop"), Fault("END", "drop"), Fault("END", "never"), Fault("END", "garbage"),
    Fault("BODY", "drop before the dot"),
]  # fmt: skip
ALWAYS = range(1, 9)


@pytest.fixture
def servers():
    """servers([faults of the first], []) makes relays, of which the first is asked first."""
    made = []

    def make(*faults):
        for number, meets in enumerate(faults):
            made.append(faulty_relay.Relay(*meets))
            relays.weigh(relays.save(f"relay{number}", URL.format(made[-1].port)), 0 if number else 1)
        return made

    yield make
    shelf.clear()
    for one in made:
        one.close()


@pytest.fixture
def letter(newsletter):
    return writing.write("confirm", newsletter, "be", "alice@example.org")


def state(letter):
    letter.refresh_from_db()
    return letter.state


def always(fault):
    return [Fault(fault.verb, fault.act, nth) for nth in ALWAYS]


@pytest.mark.parametrize("fault", SURELY_NOT, ids=lambda one: f"{one.verb} {one.act}")
def test_what_a_relay_surely_did_not_take_goes_through_the_next_at_once(servers, letter, fault):
    first, second = servers(always(fault), [])
    letters.send(letter.pk)
    assert (len(first.taken), len(second.taken)) == (0, 1)
    assert (state(letter), letter.attempts, letter.address) == ("sent", 1, None)
    assert Relay.objects.get(name="relay0").failures == 1
    letters.send(letter.pk)
    assert len(second.taken) == 1


@pytest.mark.parametrize("fault", MAYBE, ids=lambda one: f"{one.verb} {one.act}")
def test_what_a_relay_may_have_taken_goes_through_no_other(servers, letter, fault):
    first, second = servers(always(fault), [])
    letters.send(letter.pk)
    Letter.objects.filter(pk=letter.pk).update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    letters.send(letter.pk)
    assert (state(letter), second.taken, second.connections) == ("unknown", [], 0)
    assert len(first.taken) <= 1


@pytest.mark.parametrize("fault", [Fault("RCPT", "550 5.1.1 nobody"), Fault("RCPT", "450 4.2.1 later")], ids=str)
def test_what_a_relay_says_of_the_reader_is_an_answer_and_no_trouble(servers, letter, fault):
    _, second = servers(always(fault), [])
    letters.send(letter.pk)
    assert state(letter) == ("refused" if fault.act.startswith("550") else "waiting")
    assert second.connections == 0


def test_where_all_are_in_trouble_it_waits_and_each_was_asked_once(servers, letter):
    three = servers(*[always(Fault("MAIL", "451 4.3.0 later"))] * 3)
    letters.send(letter.pk)
    assert [len(one.taken) for one in three] == [0, 0, 0]
    assert [one.failures for one in Relay.objects.order_by("pk")] == [1, 1, 1]
    assert (state(letter), letter.attempts) == ("waiting", 1)
    assert letter.next_attempt_at > timezone.now()
    assert letter.address is not None


def test_a_relay_that_cannot_be_used_is_passed_over(servers, letter):
    first, second = servers([], [])
    Relay.objects.filter(name="relay0").update(url=b"what no key opens")
    letters.send(letter.pk)
    assert (state(letter), len(first.taken), len(second.taken)) == ("sent", 0, 1)
    assert "cannot be used" in Relay.objects.get(name="relay0").trouble


def test_a_relay_without_a_connection_to_spare_is_passed_over(servers, letter, monkeypatch):
    monkeypatch.setattr(berths, "PATIENCE", 0.0)
    first, second = servers([], [])
    busy = Relay.objects.get(name="relay0")
    berths.set_limits(busy, 1, {})
    monkeypatch.setattr(berths, "_holder", lambda: "elsewhere:1:1")
    assert berths.take(busy, berths.NOBODY, 1) is not None
    monkeypatch.undo()
    monkeypatch.setattr(berths, "PATIENCE", 0.0)
    letters.send(letter.pk)
    assert (state(letter), len(first.taken), len(second.taken)) == ("sent", 0, 1)


def test_a_provider_that_does_not_let_us_in_is_followed_by_a_relay_by_smtp(servers, letter):
    with provider_api.serving(answer=lambda _: (401, "{}")) as api:
        relays.weigh(relays.save("api", f"anymail+brevo://?api_key=k&api_url={api.url}"), 1)
        (server,) = servers([])
        relays.weigh(Relay.objects.get(name="relay0"), 0)
        letters.send(letter.pk)
        assert (state(letter), len(api.asked), len(server.taken)) == ("sent", 1, 1)


def test_a_stop_between_two_relays_holds_it(servers, letter, monkeypatch):
    servers(always(Fault("MAIL", "451 4.3.0 later")), [])
    blame = letters._blame

    def blame_and_stop(relay, reason, code):
        stopping.stop(Stop.Scope.EVERYTHING, None, None, "wrong list")
        blame(relay, reason, code)

    monkeypatch.setattr(letters, "_blame", blame_and_stop)
    letters.send(letter.pk)
    assert state(letter) == "waiting"
    assert Relay.objects.get(name="relay1").failures == 0


def test_who_was_held_up_too_long_at_one_relay_asks_no_other(servers, letter, monkeypatch):
    """Meanwhile it was taken for dead, and its letter is settled."""
    _, second = servers(always(Fault("MAIL", "451 4.3.0 later")), [])
    blame = letters._blame

    def blame_late(relay, reason, code):
        Letter.objects.filter(pk=letter.pk).update(next_attempt_at=timezone.now() - timedelta(seconds=1))
        letters._claim(letter.pk)
        blame(relay, reason, code)

    monkeypatch.setattr(letters, "_blame", blame_late)
    letters.send(letter.pk)
    assert (state(letter), second.connections) == ("unknown", 0)


def test_nobody_there_at_all_leaves_it_unclaimed(letter):
    relays.save("gone", URL.format(ports.free()))
    relays.pause(Relay.objects.get())
    letters.send(letter.pk)
    assert (state(letter), letter.attempts) == ("waiting", 0)
