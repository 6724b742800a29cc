"""Operators are told of what is around the newsroom's work: programs, relays, what comes back, the disk, backups, the
certificate."""

import contextlib
import importlib
import socket
import ssl
import threading
import time
from datetime import timedelta

import certificates
import newsroom
import pytest
from django.db import connection
from django.utils import timezone

from dispatch import disks, signs
from dispatch.accounts import audit
from dispatch.audience.addresses import ProviderClass
from dispatch.delivery.models import Mailbox, Relay, WorkerBeat
from dispatch.desk import happening, overview, telling
from dispatch.desk.models import Notice, Target, Told
from dispatch.operations import certificate, returned, stats
from dispatch.operations.models import Flow
from dispatch.workers import watching

pytestmark = pytest.mark.django_db
AGO = timedelta(minutes=3)


@pytest.fixture(autouse=True)
def rung(monkeypatch):
    monkeypatch.setattr("dispatch.queue.enqueue", lambda *what: None)


def beat(queues, ago=timedelta(), doing="", heard=None):
    moment = timezone.now() - ago
    heard_at = None if heard is None else timezone.now() - heard
    name = f"host:{WorkerBeat.objects.count()}"
    WorkerBeat.objects.create(
        name=name, queues=queues, doing=doing, started_at=moment, beat_at=moment, heard_at=heard_at
    )


def kinds():
    return [thing.kind for thing in happening.now()]


def test_nothing_is_wrong_where_nothing_was_ever_started():
    assert kinds() == []


def test_a_worker_that_fell_silent_is_told_unless_another_works_for_its_queue():
    beat("email,social", AGO)
    beat("social")
    (thing,) = happening.now()
    assert (thing.name, thing.kind, thing.is_urgent) == ("worker:email", "worker", True)
    assert thing.words.startswith("Nobody works for email any more; the last sign of life came ")


def test_a_worker_that_runs_and_hears_nothing_is_told_though_it_beats():
    beat("email,social", heard=AGO)
    beat("social", heard=timedelta())
    (thing,) = happening.now()
    assert (thing.name, thing.kind, thing.is_urgent) == ("worker:host:0:deaf", "worker", True)
    assert thing.words.startswith("The worker host:0 runs, but is deaf: no work has come through to it since ")
    assert thing.words.endswith("Nobody else works for email. Start it anew.")
    beat("email", heard=timedelta())
    (thing,) = happening.now()
    assert thing.words.endswith("Others do its work. Start it anew.")
    WorkerBeat.objects.filter(name="host:0").update(heard_at=timezone.now())
    assert kinds() == []


def test_a_worker_that_is_slow_to_start_serves_nobody_and_people_are_told_why():
    beat("social", doing=signs.STARTING, heard=timedelta(seconds=10))
    assert kinds() == [], "usual"
    beat("email", AGO)
    beat("email", doing=signs.STARTING, heard=timedelta(minutes=3))
    (thing,) = happening.now()
    assert (thing.name, thing.is_urgent) == ("worker:email", True)
    assert thing.words.startswith("Nobody works for email any more; the last sign of life came ")
    assert thing.words.endswith(f" The new one is slow to start, 3 min so far. {signs.REMEDY}")
    WorkerBeat.objects.filter(name="host:1").delete()
    (thing,) = happening.now()
    assert thing.words.startswith("Nobody works for email yet. The new one is slow to start, ")
    WorkerBeat.objects.filter(name="host:2").update(doing="", heard_at=timezone.now())
    assert kinds() == []


def test_a_clock_that_is_slow_to_start_was_never_there():
    beat("clock", doing=signs.STARTING, heard=timedelta(minutes=3))
    assert kinds() == []


def test_a_clock_in_wait_is_none_that_leads():
    beat("clock", AGO, "leading")
    beat("clock", doing="waiting")
    assert kinds() == ["clock"]
    beat("clock", doing="leading")
    assert kinds() == []


def test_without_a_clock_a_worker_tells_and_with_one_it_does_not():
    telling.add("Night desk", "mail", "alice@example.org", None, "a test", kinds=["clock"])
    beat("clock", doing="leading")
    assert not watching.look()
    WorkerBeat.objects.update(beat_at=timezone.now() - AGO)
    assert watching.look()
    Told.objects.update(since=timezone.now() - AGO)
    assert watching.look()
    assert Notice.objects.get().text.startswith("No clock leads: ")


def test_a_relay_left_alone_is_told_once_while_it_is_tried_again():
    newsroom.relay()
    Relay.objects.update(breaker=Relay.Breaker.OPEN, failures=5, trouble="connection refused")
    (first,) = happening.now()
    assert (first.kind, first.words) == (
        "relay",
        "The relay main is left alone after 5 failures. connection refused",
    )
    Relay.objects.update(breaker=Relay.Breaker.HALF_OPEN)
    assert [thing.name for thing in happening.now()] == [first.name]


def test_a_mailbox_that_nobody_can_read_is_told_after_an_hour_and_once(settings):
    telling.add("Operators", "mail", "alice@example.org", None, "a test", kinds=["unread"])
    moment = timezone.now()
    Mailbox.objects.create(name="main", url=b"", read_at=moment - timedelta(minutes=59), trouble="it hung up")
    assert kinds() == []
    Mailbox.objects.update(read_at=moment - timedelta(minutes=61))
    (thing,) = happening.now()
    assert (thing.name, thing.kind, thing.is_urgent) == ("unread:mailbox:main", "unread", False)
    assert thing.words.startswith("The mailbox main, which bounces and reports come to, was not read since ")
    assert "It hung up. Nothing is lost, but whoever complained is still written to until it is read." in thing.words
    for later in (0, 1, 2):
        telling.look(moment + timedelta(minutes=later))
    assert Notice.objects.get().text == f"{thing.words}\n{settings.PUBLIC_URL}/operations/health/"
    Mailbox.objects.update(read_at=timezone.now(), trouble="")
    telling.look(moment + timedelta(minutes=3))
    assert Told.objects.get().over_at
    assert kinds() == []


def test_a_mailbox_that_was_turned_off_is_not_missed():
    Mailbox.objects.create(name="main", url=b"", read_at=timezone.now() - timedelta(days=1), active=False)
    assert kinds() == []


def flowed(part, **counts):
    for outcome, count in counts.items():
        Flow.objects.create(at=timezone.now(), kind="mail", part=part, outcome=outcome, count=count)
    returned.sum_up()


def test_more_complaints_and_bounces_than_providers_bear_are_told_at_any_hour():
    gmail = int(ProviderClass.GMAIL)
    flowed(f"main/{gmail}", sent=10_000, complaint=30, hard=500)
    assert kinds() == []
    flowed(f"main/{gmail}", complaint=10)
    (thing,) = happening.now()
    assert (thing.name, thing.is_urgent) == (f"returned:complaint:{gmail}:main", True)
    assert thing.words == (
        "Gmail by main: 0.4% of three days' letters through it were complained of as spam: 40. "
        "Providers punish that: find out why before the next edition leaves."
    )
    flowed(f"main/{gmail}", hard=100)
    assert kinds() == ["returned", "returned"]


def test_what_comes_back_needs_somebody_on_home():
    Mailbox.objects.create(name="main", url=b"", read_at=timezone.now() - timedelta(hours=2), trouble="it hung up")
    flowed(f"main/{int(ProviderClass.GMAIL)}", sent=1_000, hard=60)
    told = [thing.words for thing in happening.now()]
    assert [need.words for need in overview.needs(stats.now())] == told
    assert [need.path for need in overview.needs(stats.now())] == ["/operations/health/"] * 2


def test_two_relays_with_long_names_are_two_things_that_can_be_written_down():
    telling.add("Operators", "mail", "alice@example.org", None, "a test", kinds=["returned"])
    for name in ("a" * 49 + "1", "a" * 49 + "2"):
        flowed(f"{name}/{int(ProviderClass.GMAIL)}", sent=100, hard=50)
    telling.look()
    assert Told.objects.count() == 2


def test_a_worker_on_a_host_with_a_very_long_name_is_told_too():
    telling.add("Operators", "mail", "alice@example.org", None, "a test", kinds=["worker"])
    beat("email", heard=AGO)
    WorkerBeat.objects.update(name=f"{'h' * 63}:4711")
    telling.look()
    assert len(Told.objects.get().thing) == happening.LONGEST


def test_whoever_was_told_of_everything_still_is():
    seen = importlib.import_module("dispatch.desk.migrations.0004_seen_everything")
    told = importlib.import_module("dispatch.desk.migrations.0005_told_kinds")
    new = {"unread", "returned", "leak", "mail_still", "letters", "webhook", "intake"}
    before = [kind for kind in happening.KINDS if kind not in new]
    telling.add("All", "mail", "alice@example.org", None, "a test", kinds=before)
    telling.add("Some", "mail", "bob@example.org", None, "a test", kinds=["stop", "relay"])
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute(seen.EVERYTHING)
            cursor.execute(told.ADD)
    assert sorted(Target.objects.get(name="All").kinds) == sorted(happening.KINDS)
    assert Target.objects.get(name="Some").kinds == ["stop", "relay"]


def test_a_full_disk_is_told_with_its_host(monkeypatch):
    monkeypatch.setattr(disks.own, "seen", lambda: (disks.Disk("data", 50, 100),))
    beat("upkeep")
    WorkerBeat.objects.update(disks=[["backups", 5, 100], ["data", 40, 100]])
    assert [(one.name, one.words) for one in happening.now()] == [
        ("disk:backups", "Less than a tenth of the disk of backups on host is free. Make room.")
    ]
    monkeypatch.setattr(disks.own, "seen", lambda: (disks.Disk("data", 9, 100),))
    assert kinds() == ["disk", "disk"]


def test_an_old_backup_is_told():
    audit.record(None, "backup.make", "database", "a test")
    assert kinds() == []
    later = timezone.now() + timedelta(days=3)
    assert [kind for _, kind, _ in happening.surroundings.now(later)] == ["backup"]


def test_a_certificate_that_ends_soon_is_told(monkeypatch):
    monkeypatch.setattr(certificate.own, "look", lambda: time.time() + 86400)
    assert kinds() == ["certificate"]
    monkeypatch.setattr(certificate.own, "look", lambda: time.time() + 86400 * 60)
    assert kinds() == []


def test_whoever_looks_for_the_certificate_does_not_wait(settings, monkeypatch):
    settings.PUBLIC_URL = "https://dispatch.example"
    watch = certificate.Watch()
    monkeypatch.setattr(certificate, "expiry", lambda host, port: 1234.0)
    watch.look()
    deadline = time.monotonic() + 30
    while watch.look() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert watch.look() == 1234.0
    settings.PUBLIC_URL = "http://dispatch.example"
    assert certificate.Watch().look() is None


def test_a_certificates_end_is_read_from_the_wire(tmp_path):
    with _showing(certificates.make(tmp_path)) as port:
        until = certificate.expiry("127.0.0.1", port)
    assert until == pytest.approx(time.time() + 86400, abs=600)


def test_one_that_is_over_already_is_told_too(tmp_path):
    with _showing(certificates.make(tmp_path, days=-1)) as port:
        assert certificate.expiry("127.0.0.1", port) == pytest.approx(time.time() - 86400, abs=600)


def test_near_its_end_it_is_asked_for_each_minute(monkeypatch):
    watch = certificate.Watch()
    assert watch._pause() == certificate.NEAR_ITS_END
    watch.until = time.time() + 13 * 86400
    assert watch._pause() == certificate.NEAR_ITS_END
    watch.until = time.time() + 15 * 86400
    assert watch._pause() == certificate.EVERY


@contextlib.contextmanager
def _showing(file):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_shake_hands, args=(listening, context), daemon=True).start()
        yield listening.getsockname()[1]


def _shake_hands(listening, context):
    plain, _ = listening.accept()
    with plain, context.wrap_socket(plain, server_side=True) as wrapped:
        wrapped.recv(1)
