"""Acts upon many: few are done at once, many a part at a time; it can be stopped, and goes on after a kill."""

import json
import os
import subprocess
import sys
from pathlib import Path

import newsroom
import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied

from dispatch import cli, env, queue
from dispatch.accounts.models import AuditEntry, Desk, User
from dispatch.delivery import heaps, ledger, relays, sending
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import DeliveryException
from dispatch.operations import live, stats, sweeping, views
from dispatch.operations.items import wanted
from dispatch.operations.models import Sweep
from dispatch.outcomes import Deferred

pytestmark = pytest.mark.django_db
QUEUE = "/operations/queue/"
SWEEPER = Path(__file__).with_name("one_sweeper.py")


@pytest.fixture
def alice(client, monkeypatch):
    monkeypatch.setattr(queue, "enqueue", lambda *_: None)
    return newsroom.signed_in(client)


@pytest.fixture
def deferred(monkeypatch):
    """deferred(6) is a send whose readers all wait."""

    def make(count):
        office = newsroom.newsletter(languages=["en"])
        newsroom.readers(office, en=count)
        newsroom.relay()
        later = Deferred(until=None, reason="greylisted", code="450 4.2.1")
        monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(lambda message: later))
        one = newsroom.send(office, newsroom.story("en"))
        sending.send_chunk(one.pk, 1)
        return one

    return make


def press(client, path, reason="their server is gone"):
    return client.post(f"{QUEUE}{path}", {"reason": reason}, follow=True).content.decode()


def states():
    return sorted(DeliveryException.objects.values_list("state", flat=True))


def test_few_are_dropped_while_the_page_waits(alice, deferred):
    send = deferred(3)
    assert "3 readers dropped." in press(alice, f"mail/{send.pk}/deferred/drop")
    assert (states(), Sweep.objects.count()) == (["cancelled"] * 3, 0)


def test_many_are_dropped_by_the_clock_and_the_page_and_the_log_say_how_many(alice, deferred, monkeypatch):
    monkeypatch.setattr(views, "FEW", 3)
    monkeypatch.setattr(heaps, "AT_ONCE", 2)
    send = deferred(5)
    said = press(alice, f"mail/{send.pk}/deferred/drop")
    assert "It is being done to 5 readers" in said
    assert states() == ["deferred"] * 5, "the page waited for nobody"
    sweeping.go_on()
    assert "2 of 5 readers" in alice.get(QUEUE).content.decode()
    for _ in range(3):
        sweeping.go_on()
    assert states() == ["cancelled"] * 5
    assert "Acts upon many" not in alice.get(QUEUE).content.decode()
    told = list(AuditEntry.objects.filter(target__startswith="sweep:").values_list("act", "reason"))
    assert told == [("sweep.drop", "5 of 5 readers: their server is gone")]


def test_an_open_page_hears_of_each_part(alice, deferred, monkeypatch):
    monkeypatch.setattr(views, "FEW", 1)
    monkeypatch.setattr(heaps, "AT_ONCE", 1)
    send = deferred(2)
    press(alice, f"mail/{send.pk}/deferred/drop")
    before = live.of(stats.now(), sweeping.marks())
    sweeping.go_on()
    after = live.of(stats.now(), sweeping.marks())
    assert '"sweeps"' in live.difference(before, after)


def test_it_can_be_stopped_and_what_was_done_stays_done(alice, deferred, monkeypatch):
    monkeypatch.setattr(views, "FEW", 3)
    monkeypatch.setattr(heaps, "AT_ONCE", 2)
    send = deferred(5)
    press(alice, f"mail/{send.pk}/deferred/drop")
    sweeping.go_on()
    sweep = Sweep.objects.get()
    assert "Say why" in press(alice, f"sweeps/{sweep.pk}/stop", reason="") or Sweep.objects.get().ended_at is None
    assert "It ends here." in press(alice, f"sweeps/{sweep.pk}/stop", reason="the wrong send")
    sweeping.go_on()
    assert states() == ["cancelled"] * 2 + ["deferred"] * 3
    assert AuditEntry.objects.get(act="sweep.stop").reason == "after 2 of 5 readers: the wrong send"
    assert "It was over already" in press(alice, f"sweeps/{sweep.pk}/stop", reason="once more")


def test_who_is_of_another_desk_stops_nothing(alice, deferred, monkeypatch):
    send = deferred(2)
    sweep = sweeping.begin("drop", wanted.Wanted(send=send.pk, state="deferred"), User.objects.get(), "it is old")
    office = send.edition.newsletter
    office.desk = Desk.objects.create(slug="culture", name="Culture")
    office.save()
    bob = User.objects.create(email="bob@example.org", role="operator")
    bob.desks.add(Desk.objects.create(slug="sports", name="Sports"))
    with pytest.raises(PermissionDenied):
        sweeping.stop(sweep.pk, bob, "I do not like it")
    assert Sweep.objects.get().ended_at is None


def test_the_terminal_shows_and_ends_it(deferred, capsys):
    send, alice = deferred(3), newsroom.person()
    sweep = sweeping.begin("drop", wanted.Wanted(send=send.pk, state="deferred"), alice, "it is old")
    assert cli.main(["queue", "acts"]) == 0
    assert "under way" in capsys.readouterr().out
    end = ["queue", "end", str(sweep.pk), "--by", alice.email]
    assert cli.main(end) == 1
    assert cli.main([*end, "--reason", "the wrong send"]) == 0
    assert cli.main([*end, "--reason", "once more"]) == 1
    capsys.readouterr()
    assert cli.main(["queue", "acts", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["done"], told["expected"], told["stopped"]) == (0, 3, True)
    assert states() == ["deferred"] * 3


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_whoever_does_it_may_be_killed_and_the_next_goes_on_from_there(alice, deferred):
    send = deferred(60)
    sweeping.begin("drop", wanted.Wanted(send=send.pk, state="deferred"), User.objects.get(), "it is old")
    database = f"postgresql://dispatch@/{settings.DATABASES['default']['NAME']}?host={env.run_dir()}"
    for _ in range(2):
        one = subprocess.Popen(
            [sys.executable, SWEEPER, "7"], env=os.environ | {"DISPATCH_DATABASE_URL": database}, stdout=subprocess.PIPE
        )
        assert one.stdout.readline() == b"a part\n"
        one.kill()
        one.wait()
        one.stdout.close()
        sweep = Sweep.objects.get()
        assert sweep.done == DeliveryException.objects.filter(state="cancelled").count(), (
            "what is said is what was done"
        )
    assert sweep.done >= 14
    for _ in range(20):
        sweeping.go_on()
    sweep.refresh_from_db()
    assert (sweep.done, states()) == (60, ["cancelled"] * 60)
    assert ledger.strays(send.pk) == 0
