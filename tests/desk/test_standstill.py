"""Operators are told, without any Prometheus, of what does not go on though nobody said that it should wait."""

from datetime import timedelta
from importlib import import_module

import newsroom
import pytest
from django.db import connection
from django.utils import timezone

from dispatch.accounts import audit, stopping
from dispatch.accounts.models import AuditEntry, Stop
from dispatch.articles.models import Source, Story, WebhookDelivery
from dispatch.audience import letters
from dispatch.audience.models import Honey, Letter, Subscriber
from dispatch.delivery.bounces import ears
from dispatch.delivery.models import Chunk, Ear, Send, WorkerBeat
from dispatch.desk import happening, telling
from dispatch.desk.models import Target, Told
from dispatch.operations.models import Flow

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def rung(monkeypatch):
    monkeypatch.setattr("dispatch.queue.enqueue", lambda *what: None)


def told(kind):
    return [(thing.name, thing.words, thing.path) for thing in happening.now() if thing.kind == kind]


def under_way(slug="office", ago=HOUR):
    """A send of a newsletter with Alice's mail, that began a while ago."""
    office = newsroom.newsletter(slug, languages=["en"])
    newsroom.readers(office, en=1)
    send = newsroom.send(office, newsroom.story("en", key=slug))
    Send.objects.filter(pk=send.pk).update(started_at=timezone.now() - ago)
    return send


def test_a_stuck_chunk_is_told_at_once_and_also_in_quiet_hours():
    send = under_way(ago=timedelta())
    assert told("mail_still") == []
    Chunk.objects.filter(send=send).update(state="stuck")
    ((name, words, path),) = told("mail_still")
    assert name == f"send:{send.pk}:stuck"
    assert words.endswith(": 1 part of its mail is stuck. The queue says why, and frees what is mended.")
    assert path == "/operations/queue/#chunks"
    assert "mail_still" in happening.URGENT
    Send.objects.filter(pk=send.pk).update(state="cancelled")
    assert told("mail_still") == []


def test_mail_that_no_relay_answers_to_is_told_and_any_answer_ends_it():
    send = under_way()
    ((name, words, _),) = told("mail_still")
    assert name == f"send:{send.pk}:still"
    assert "stands still: it was to leave" in words
    assert words.endswith("no relay answers to any letter.")
    returned = {"kind": "mail", "part": "main/1", "count": 3, "at": timezone.now()}
    Flow.objects.create(outcome="hard", **returned)
    assert told("mail_still")  # a bounce is no answer
    Flow.objects.create(outcome="sent", **returned)
    assert told("mail_still") == []


def test_mail_that_began_just_now_or_is_held_by_somebody_waits_for_nobody():
    send = under_way(ago=timedelta(minutes=29))
    assert told("mail_still") == []
    Send.objects.filter(pk=send.pk).update(started_at=timezone.now() - HOUR)
    assert told("mail_still")
    stop = stopping.stop(Stop.Scope.NEWSLETTER, send.edition.newsletter_id, newsroom.person(), "a test")
    assert told("mail_still") == []
    stopping.lift(stop.pk, newsroom.person(name="Bob"), "it is over")
    Story.objects.update(embargo_until=timezone.now() + HOUR)
    assert told("mail_still") == []
    Story.objects.update(embargo_until=None)
    Send.objects.filter(pk=send.pk).update(state="paused")
    assert told("mail_still") == []


def test_the_rest_of_a_first_wave_waits_as_it_should_and_the_wave_itself_does_not():
    send = under_way()
    Send.objects.filter(pk=send.pk).update(state="first_wave", first_wave=1)
    assert told("mail_still") == []
    Chunk.objects.filter(send=send).update(in_wave=True)
    assert told("mail_still")


def test_what_a_cms_said_and_nobody_could_take_in_is_told_by_source():
    site = Source.objects.create(slug="site", name="Our site", kind="native")
    for number, did in enumerate(("failed", "failed", "received")):
        values = {"delivery_id": str(number), "body_hash": b"", "event": "x", "due_at": timezone.now()}
        WebhookDelivery.objects.create(source=site, did=did, **values)
    ((name, words, path),) = told("webhook")
    assert (name, path) == (f"source:{site.pk}:webhooks", "/operations/queue/#webhooks")
    assert words.startswith("2 webhooks of Our site could not be taken in: ")
    WebhookDelivery.objects.update(due_at=None)
    assert told("webhook") == []


def asked(count, **now):
    """So many confirmations; what became of them."""
    office = newsroom.newsletter()
    numbers = [letters.write("confirm", office, "en", f"alice+{one}@example.org").pk for one in range(count)]
    Letter.objects.filter(pk__in=numbers).update(**now)
    return office


def test_a_confirmation_that_nobody_tried_for_ten_minutes_is_told():
    office = asked(1)
    assert told("letters") == []
    Letter.objects.update(written_at=timezone.now() - timedelta(minutes=11))
    ((name, words, _),) = told("letters")
    assert name == "letters:untried"
    assert words.startswith("1 letter that readers asked for, such as confirmations, waited ten minutes or more.")
    assert "@" not in words
    stopping.stop(Stop.Scope.NEWSLETTER, office.pk, newsroom.person(), "a test")
    assert told("letters") == []


def test_an_hours_letters_that_no_relay_took_are_told_once_they_are_more_than_a_few():
    asked(4, state="refused")
    assert told("letters") == []
    office = newsroom.newsletter("other")
    one = letters.write("confirm", office, "en", "bob@example.org")
    Letter.objects.filter(pk=one.pk).update(attempts=2)
    ((name, words, _),) = told("letters")
    assert (name, words[:60]) == (
        "letters:untaken",
        "Of the last hour's letters that readers asked for no relay t"[:60],
    )
    Letter.objects.filter(pk=one.pk).update(state="sent")
    assert told("letters") == []


def test_an_intake_that_is_set_and_never_came_is_told_once_everything_is_up(monkeypatch):
    monkeypatch.setenv("DISPATCH_INTAKE", "127.0.0.1:8024")
    assert told("intake") == []
    ago = timezone.now() - timedelta(minutes=6)
    WorkerBeat.objects.create(name="a:1", queues="clock", doing="leading", started_at=ago, beat_at=timezone.now())
    ((_, words, _),) = told("intake")
    assert words.startswith("The intake of bounces and complaints does not listen: it was never seen.")
    ears.note("intake", alive=True)
    assert told("intake") == []


def test_an_intake_that_fell_silent_is_told_for_a_week_and_after_that_it_is_meant():
    ears.note("intake", alive=True)
    assert told("intake") == []
    Ear.objects.update(alive_at=timezone.now() - timedelta(minutes=6))
    assert len(told("intake")) == 1
    Ear.objects.update(alive_at=timezone.now() - timedelta(days=8))
    assert told("intake") == []


def test_a_file_that_got_out_is_told_once_whatever_turns_up_of_it_and_is_news_for_a_week():
    telling.add("Night desk", "mail", "alice@example.org", None, "a test", kinds=["leak"])
    for mark in (b"a", b"b"):
        Honey.objects.create(file="backup:2026-11-23 14:00:05", address_index=mark * 32)
    assert told("leak") == []
    Honey.objects.filter(address_index=b"a" * 32).update(seen_at=timezone.now(), seen_in="mail")
    telling.look()
    Honey.objects.update(seen_at=timezone.now(), seen_in="import")
    telling.look()
    (row,) = Told.objects.all()
    assert row.words.startswith("Backup 2026-11-23 14:00:05 got out: a reader who exists nowhere else was seen.")
    assert (row.is_urgent, row.path) == (True, "/audit/")
    Honey.objects.update(seen_at=timezone.now() - timedelta(days=8))
    assert told("leak") == []


def never(days):
    later = timezone.now() + timedelta(days=days)
    return [words for _, kind, words in happening.surroundings.now(later) if kind == "backup"]


def test_backups_that_are_set_up_and_never_came_are_told_after_two_days(settings):
    settings.DEMO, settings.BACKUP_NIGHTLY = False, "/mnt/away"
    assert never(30) == []
    audit.record(None, "user.add", "user:1", "a test")
    assert never(1) == []
    assert never(3) == [
        "Backups are set up, and none was ever made. The log says why: of the worker for upkeep, or of your timer."
    ]
    audit.record(None, "backup.make", "database", "a test")
    assert never(3) == ["The last backup was made just now."]


def test_readers_without_any_backup_are_worth_a_gentle_word_after_some_days(settings):
    settings.DEMO, settings.BACKUP_NIGHTLY = False, ""
    audit.record(None, "user.add", "user:1", "a test")
    assert AuditEntry.objects.exists()
    assert never(30) == []
    newsroom.readers(newsroom.newsletter(), en=1)
    assert Subscriber.objects.count() == 1
    assert never(4) == []
    assert never(6)[0].startswith("There are readers, and no backup: ")
    assert "backup" not in happening.URGENT
    settings.DEMO = True
    assert never(6) == []


def test_operators_who_were_told_of_relays_and_workers_are_told_of_what_came_later():
    adding = import_module("dispatch.desk.migrations.0005_told_kinds").ADD
    chosen = {"Night desk": ["relay", "worker"], "Editors": ["post_late"], "Others": ["relay", "worker", "leak"]}
    for name, kinds in chosen.items():
        telling.add(name, "mail", "alice@example.org", None, "a test", kinds=kinds)
    with connection.cursor() as cursor:
        cursor.execute(adding)
    told_of = dict(Target.objects.values_list("name", "kinds"))
    new = ["leak", "mail_still", "letters", "webhook", "intake"]
    assert told_of == chosen | {"Night desk": ["relay", "worker", *new]}
    assert set(new) <= set(happening.KINDS)
