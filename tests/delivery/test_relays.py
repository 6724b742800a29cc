"""Relays: the breaker opens, waits and is probed by one; and what `dispatch relay` says."""

from datetime import timedelta

import pytest

from dispatch import cli
from dispatch.delivery import ledger, progress, relays, sending, statements
from dispatch.delivery.models import Chunk, Relay
from dispatch.outcomes import Deferred, Sent, Unknown

pytestmark = pytest.mark.django_db
Breaker = Relay.Breaker


def fail(relay, times=1):
    for _ in range(times):
        relays.failed(relay, "no connection to the relay")
    return relay


def let_wait_end():
    Relay.objects.update(probe_at=statements.now() - timedelta(seconds=1))


def test_the_breaker_opens_at_the_fifth_failure_in_a_row():
    relay = relays.save("main", "fake://")
    fail(relay, 4)
    relays.worked(relay)
    assert fail(relay, 4).breaker == Breaker.CLOSED
    assert fail(relay).breaker == Breaker.OPEN
    assert relays.choose() is None
    assert relays.next_probe() == relay.probe_at


def test_what_goes_well_for_another_worker_parts_failures_too(monkeypatch):
    monkeypatch.setattr(relays, "ANEW", 0.0)
    unlucky, lucky = relays.save("main", "fake://"), Relay.objects.get()
    for _ in range(3):
        fail(unlucky, 3)
        relays.worked(lucky)
    assert Relay.objects.get().breaker == Breaker.CLOSED


def test_a_letter_that_went_well_costs_no_statement(django_assert_num_queries):
    relay = relays.save("main", "fake://")
    relays.worked(relay)
    with django_assert_num_queries(0):
        for _ in range(100):
            relays.worked(relay)


def test_it_opens_when_ten_of_fifty_failed_though_never_five_in_a_row():
    relay = relays.save("main", "fake://")
    for _ in range(9):
        relays.worked(fail(relay))
    assert Relay.objects.get().breaker == Breaker.CLOSED
    assert fail(relay).breaker == Breaker.OPEN


def test_ten_failures_among_many_letters_are_no_reason():
    relay = relays.save("main", "fake://")
    for _ in range(30):
        fail(relay)
        for _ in range(5):
            relays.worked(relay)
    assert Relay.objects.get().breaker == Breaker.CLOSED


def test_after_a_probe_that_worked_what_failed_before_counts_no_more():
    fail(relays.save("main", "fake://"), 5)
    let_wait_end()
    relays.worked(relays.choose())
    assert fail(Relay.objects.get(), 4).breaker == Breaker.CLOSED


def test_one_worker_probes_and_the_others_wait_for_what_it_finds():
    fail(relays.save("main", "fake://"), 5)
    let_wait_end()
    probing = relays.choose()
    assert probing.breaker == Breaker.HALF_OPEN
    assert relays.choose() is None
    relays.worked(probing)
    assert relays.choose() == probing


def test_a_worker_that_dies_while_probing_is_followed_by_another():
    fail(relays.save("main", "fake://"), 5)
    let_wait_end()
    relays.choose()
    let_wait_end()
    assert relays.choose() is not None


def test_after_each_failed_probe_the_wait_is_longer_up_to_a_quarter_of_an_hour():
    relay = fail(relays.save("main", "fake://"), 5)
    waits = []
    for _ in range(8):
        waits.append((relay.probe_at - statements.now()).total_seconds())
        let_wait_end()
        relay = fail(relays.choose())
    assert 20 < waits[0] < 40
    assert waits[0] < waits[2] < waits[4]
    assert max(waits) < 15 * 60 * 1.2


def test_many_workers_that_fail_at_once_do_not_lengthen_the_wait():
    fail(relays.save("main", "fake://"), 5)
    many = [Relay.objects.get() for _ in range(8)]
    for one in many:
        fail(one)
    assert Relay.objects.get().opened_times == 1


@pytest.mark.parametrize(
    ("answer", "fate"),
    [
        (Deferred(until=None, reason="policy", code="554 5.7.1"), "deferred"),
        (Unknown(reason="no reply after the final dot"), "deferred"),
    ],
)
def test_what_is_the_relays_own_stops_the_window_and_spares_the_rest(fake, edition, subscribe, answer, fate):
    readers = [subscribe(f"reader{n}") for n in range(8)]
    fake.answer = lambda _: answer
    send = ledger.enlist(edition.pk)
    sending.send_chunk(send.pk, 1)
    assert [ledger.fate(send.pk, one.pk) for one in readers] == [fate] * 5 + ["untouched"] * 3
    assert Relay.objects.get().breaker == Breaker.OPEN
    assert Chunk.objects.get().not_before == Relay.objects.get().probe_at


def test_greylisting_is_the_readers_wait_and_not_the_relays_fault(fake, edition, subscribe):
    for number in range(8):
        subscribe(f"reader{number}")
    fake.answer = lambda _: Deferred(until=None, reason="greylisted", code="451 4.7.1")
    send = ledger.enlist(edition.pk)
    sending.send_chunk(send.pk, 1)
    assert progress.of_send(send.pk).exceptions == {"deferred": 8}
    assert Relay.objects.get().breaker == Breaker.CLOSED


def test_nothing_is_sent_while_there_is_no_relay_and_nobody_is_burnt(edition, subscribe):
    subscribe("alice")
    send = ledger.enlist(edition.pk)
    sending.send_chunk(send.pk, 1)
    assert progress.of_send(send.pk).untouched == 1
    assert Chunk.objects.get().not_before > statements.now()


def test_a_relays_address_is_sealed():
    relay = relays.save("main", "smtps://office:hunter2@mail.example.org")
    assert b"hunter2" not in bytes(Relay.objects.get().url)
    assert relays.open_mailer(relay).relay.password == "hunter2"


def test_the_environments_relay_is_there_after_a_start(monkeypatch):
    monkeypatch.setenv("DISPATCH_RELAY_URL", "smtp://mail.example.org")
    relays.ensure_default()
    relays.ensure_default()
    assert relays.open_mailer(Relay.objects.get(name="default")).relay.host == "mail.example.org"


def test_relay_add_list_test_and_off(capsys, server):
    assert cli.main(["relay", "add", "main", f"smtp://127.0.0.1:{server.port}"]) == 0
    assert cli.main(["relay", "test", "main"]) == 0
    assert "lets us in" in capsys.readouterr().out
    assert not any(line.startswith("MAIL") for line in server.heard)
    cli.main(["relay", "list"])
    assert capsys.readouterr().out == "main\tsmtp\tclosed\tfine\n"
    assert cli.main(["relay", "off", "main"]) == 0
    assert relays.choose() is None


def test_relay_test_says_why_not(capsys, server):
    server.says["EHLO"] = ["421 4.3.2 closing"]
    server.says["HELO"] = ["421 4.3.2 closing"]
    relays.save("main", f"smtp://127.0.0.1:{server.port}")
    assert cli.main(["relay", "test", "main"]) == 1
    assert "no connection to the relay" in capsys.readouterr().err
    assert cli.main(["relay", "test", "other"]) == 1
    assert "no such relay" in capsys.readouterr().err


def test_a_relay_on_trial_gets_one_letter(server, edition, subscribe):
    for number in range(8):
        subscribe(f"reader{number}")
    fail(relays.save("main", f"smtp://127.0.0.1:{server.port}?security=none&connections=4"), 5)
    let_wait_end()
    server.says["."] = ["554 5.7.1 policy"] * 8
    send = ledger.enlist(edition.pk)
    sending.send_chunk(send.pk, 1)
    assert sum(line.startswith("MAIL") for line in server.heard) == 1
    assert progress.of_send(send.pk).untouched == 7
    assert Relay.objects.get().breaker == Breaker.OPEN


def test_a_relay_that_passed_its_trial_gets_all(server, edition, subscribe):
    for number in range(8):
        subscribe(f"reader{number}")
    fail(relays.save("main", f"smtp://127.0.0.1:{server.port}?security=none&connections=4"), 5)
    let_wait_end()
    send = ledger.enlist(edition.pk)
    sending.send_chunk(send.pk, 1)
    assert progress.of_send(send.pk).sent == 8
    assert Relay.objects.get().breaker == Breaker.CLOSED


def test_a_probe_that_works_lets_everyone_go_on(fake, edition, subscribe):
    subscribe("alice")
    send = ledger.enlist(edition.pk)
    fail(Relay.objects.get(), 5)
    sending.send_chunk(send.pk, 1)
    assert fake.taken == []
    let_wait_end()
    Chunk.objects.update(not_before=None)
    fake.answer = lambda _: Sent()
    sending.send_chunk(send.pk, 1)
    assert len(fake.taken) == 1
    assert Relay.objects.get().breaker == Breaker.CLOSED
