"""What Prometheus is told: true to the database, the same from each process, and nobody's name in it."""

import re
from datetime import timedelta
from pathlib import Path

import newsroom
import pytest
from django.db import Error, connection
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from dispatch import queue
from dispatch.accounts import audit, stopping
from dispatch.accounts.models import Stop
from dispatch.audience import letters
from dispatch.audience.addresses import ProviderClass
from dispatch.audience.models import Honey, Letter
from dispatch.delivery import sending, tallies
from dispatch.delivery.bounces import ears
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Approval, Ear, Mailbox, Relay, Send, Tally, WorkerBeat
from dispatch.delivery.reputation import Looked
from dispatch.editions.models import Edition
from dispatch.operations import figures, returned
from dispatch.operations.models import Flow
from dispatch.outcomes import Refused, Sent
from dispatch.social.models import Channel, Post

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    monkeypatch.setattr(figures, "_last", (-figures.KEPT, b""))


def told():
    """{(name, values of labels, by the labels' names): value}"""
    families = text_string_to_metric_families(figures.exposition().decode())
    samples = [sample for family in families for sample in family.samples]
    return {(one.name, *one.labels.values()): one.value for one in samples}


def test_letters_are_counted_by_relay_provider_and_outcome(monkeypatch):
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=3)
    newsroom.relay()
    answers = iter([Sent(), Refused(reason="no", code="550 5.1.1"), Sent()])
    monkeypatch.setattr("dispatch.delivery.relays.open_mailer", lambda relay: Fake(lambda message: next(answers)))
    sending.send_chunk(newsroom.send(office, newsroom.story("en")).pk, 1)
    found = told()
    assert found["dispatch_letters_total", "accepted", "other", "main"] == 2
    assert found["dispatch_letters_total", "refused", "other", "main"] == 1
    assert found["dispatch_edition_lateness_last_day_seconds_count",] == 1


def test_a_relay_tells_each_outcome_from_its_first_moment_on():
    newsroom.relay()
    found = {key: value for key, value in told().items() if key[0] == "dispatch_letters_total"}
    assert found["dispatch_letters_total", "refused", "gmail", "main"] == 0
    assert len(found) == len(ProviderClass) * len(tallies.OUTCOMES)


def test_tallies_only_grow_and_a_relay_that_is_gone_is_no_trouble():
    relay = newsroom.relay()
    tallies.add(relay.pk, 1, {"accepted": 2, "refused": 0})
    tallies.add(relay.pk, 1, {"accepted": 3})
    assert list(Tally.objects.values_list("outcome", "letters")) == [("accepted", 5)]
    number = relay.pk
    relay.delete()
    tallies.add(number, 1, {"accepted": 3})
    assert not Tally.objects.exists()


def test_what_waits_is_what_the_queue_shows():
    story, channel = newsroom.story("en"), newsroom.channel()
    due = timezone.now() - timedelta(minutes=7)
    newsroom.post(channel, story, Post.State.SCHEDULED, due_at=due)
    found = told()
    assert found["dispatch_work", "post", "due"] == 1
    assert 419 < found["dispatch_work_oldest_seconds", "post", "due"] < 600


def test_troubles_have_a_figure_each():
    newsroom.relay()
    Relay.objects.update(breaker=Relay.Breaker.OPEN, failures=5)
    newsroom.channel()
    ends = timezone.now() + timedelta(days=3)
    Channel.objects.update(trouble="the token was revoked", expires_at=ends)
    stopping.stop(Stop.Scope.EVERYTHING, None, newsroom.person(), "a test")
    audit.record(None, "backup.make", "database", "a test")
    found = told()
    assert found["dispatch_relay_open", "main"] == 1
    assert found["dispatch_relay_failures", "main"] == 5
    assert found["dispatch_channel_trouble", "masto", "mastodon"] == 1
    assert found["dispatch_channel_expires_timestamp_seconds", "masto", "mastodon"] == pytest.approx(ends.timestamp())
    assert found["dispatch_stops", "everything"] == 1
    assert found["dispatch_backup_timestamp_seconds",] == pytest.approx(timezone.now().timestamp(), abs=60)


def test_a_worker_is_counted_for_each_of_its_queues_while_it_beats():
    now = timezone.now()
    values = {"started_at": now, "doing": ""}
    WorkerBeat.objects.create(name="a:1", queues="email,social", beat_at=now, **values)
    WorkerBeat.objects.create(name="a:2", queues="email", beat_at=now - timedelta(minutes=5), **values)
    WorkerBeat.objects.create(name="a:3", queues="clock", beat_at=now, **values | {"doing": "leading"})
    WorkerBeat.objects.create(name="a:4", queues="upkeep", beat_at=now, heard_at=now, **values | {"doing": "starting"})
    found = told()
    assert [found["dispatch_workers", name] for name in ("email", "social", "upkeep", "clock")] == [1, 1, 0, 1]
    assert found["dispatch_workers_silent",] == 1
    assert found["dispatch_workers_deaf", "email"] == 0
    assert found["dispatch_clock_age_seconds",] < 60


def test_a_worker_that_beats_and_hears_nothing_is_counted_apart():
    now = timezone.now()
    values = {"started_at": now, "beat_at": now, "doing": ""}
    WorkerBeat.objects.create(name="a:1", queues="email,social", heard_at=now - timedelta(minutes=5), **values)
    WorkerBeat.objects.create(name="a:2", queues="social", heard_at=now, **values)
    found = told()
    assert [found["dispatch_workers", name] for name in ("email", "social")] == [0, 1]
    assert [found["dispatch_workers_deaf", name] for name in ("email", "social", "upkeep")] == [1, 1, 0]


def test_doorbells_are_counted_at_the_broker():
    assert queue.ping() == ""
    found = told()
    assert found["dispatch_broker_up",] == 1
    assert {key[1] for key in found if key[0] == "dispatch_doorbells"} == set(queue.QUEUES)


def test_an_answer_serves_for_some_seconds(django_assert_num_queries):
    first = figures.exposition()
    with django_assert_num_queries(0):
        assert figures.exposition() == first


def test_each_figure_stands_in_the_table_of_the_documentation():
    said = set(re.findall(r"`(dispatch_\w+)", DOCS.read_text(encoding="utf-8")))
    every = [*figures.FIGURES.values(), *figures.LATENESS.values()]
    counter = {name: f"{name}_total" for name in ("letters", "returned", "tasks_hung")}
    assert {f"dispatch_{counter.get(one.name, one.name)}" for one in every} <= said


def test_this_machine_may_ask_and_nobody_through_a_proxy_on_it(client):
    assert client.get("/operations/metrics").status_code == 200
    assert client.get("/operations/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 404
    assert client.get("/operations/metrics", REMOTE_ADDR="192.0.2.1").status_code == 404


def test_with_a_token_only_who_shows_it_may_ask(client, settings):
    settings.METRICS_TOKEN = "a token"
    assert client.get("/operations/metrics").status_code == 404
    assert client.get("/operations/metrics", headers={"Authorization": "Bearer another"}).status_code == 404
    answer = client.get("/operations/metrics", headers={"Authorization": "Bearer a token"}, REMOTE_ADDR="192.0.2.1")
    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (200, "text/plain")


def test_without_its_database_it_says_so(client, monkeypatch):
    def away():
        raise Error

    monkeypatch.setattr(figures, "exposition", away)
    answer = client.get("/operations/metrics")
    assert (answer.status_code, answer.content) == (503, b"The database does not answer.\n")


def test_nobody_is_named():
    office = newsroom.newsletter()
    newsroom.readers(office, en=2)
    newsroom.relay()
    newsroom.person()
    newsroom.send(office, newsroom.story("en"))
    text = figures.exposition().decode()
    assert "@" not in text
    assert "Alice" not in text
    assert "reading room" not in text
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # the connection is still good


def test_what_a_stop_holds_waits_for_nobody_and_silences_nothing_else():
    now = timezone.now()
    office, other = newsroom.newsletter(languages=["en"]), newsroom.newsletter("other", languages=["en"])
    for one in (office, other):
        newsroom.readers(one, en=1)
        newsroom.send(one, newsroom.story("en"))
    Send.objects.update(started_at=now - timedelta(hours=2))
    Send.objects.filter(edition__newsletter=other).update(started_at=now - timedelta(hours=1))
    masto = newsroom.channel()
    newsroom.post(masto, newsroom.story("en"), "scheduled", due_at=now - timedelta(minutes=10))

    def waits():
        found = figures.read()
        return round(found["mail_waits"][()] / 3600), round(found["post_waits"][()] / 60)

    assert waits() == (2, 10)
    stopping.stop("newsletter", office.pk, None, "wait")
    assert waits() == (1, 10)
    stopping.stop("channel", masto.pk, None, "wait")
    Send.objects.filter(edition__newsletter=other).update(state="paused")
    assert waits() == (0, 0)


def test_a_first_wave_that_cannot_leave_is_mail_that_waits():
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=3)
    send = newsroom.send(office, newsroom.story("en"))
    began = timezone.now() - timedelta(hours=1)
    Send.objects.filter(pk=send.pk).update(state="first_wave", first_wave=3, started_at=began)
    assert told()["dispatch_mail_waits_seconds",] == 0  # its chunk is the rest, which is to wait
    send.chunks.update(in_wave=True)
    figures._last = (-figures.KEPT, b"")
    assert told()["dispatch_mail_waits_seconds",] >= 3600


def test_sends_that_wait_for_somebody_are_counted_by_what_they_wait_for():
    office = newsroom.newsletter(languages=["en"])
    held, other, paused, asked = (newsroom.send(office, newsroom.story("en", key=key)) for key in "abcd")
    Send.objects.filter(pk__in=[held.pk, other.pk]).update(state="paused", is_held=True)
    Send.objects.filter(pk=paused.pk).update(state="paused")
    Send.objects.filter(pk=asked.pk).update(state="draft")
    Approval.objects.create(send=asked, why="It is large.", then="sending", hash=b"")
    found = told()
    assert (found["dispatch_sends_held", "trouble"], found["dispatch_sends_held", "approval"]) == (2, 1)


def test_an_edition_waits_from_its_moment_until_a_send_of_it_begins():
    daily = newsroom.newsletter("daily", cadence="daily")
    due = {"newsletter": daily, "due_at": timezone.now() - timedelta(minutes=20)}
    edition = Edition.objects.create(slot="2026-11-22", state="rendered", **due)
    assert 1199 < told()["dispatch_edition_waits_seconds",] < 1800
    Edition.objects.filter(pk=edition.pk).update(enlisted_at=timezone.now())
    Edition.objects.create(slot="2026-11-23", state="late", **due)
    figures._last = (-figures.KEPT, b"")
    found = told()
    assert found["dispatch_edition_waits_seconds",] == 0
    assert found["dispatch_work", "edition", "failed"] == 1


def test_letters_that_readers_asked_for_are_counted_by_what_became_of_them():
    office = newsroom.newsletter()
    asked = [
        letters.write("confirm", office, "en", f"{name}@example.org") for name in ("alice", "bob", "charlie", "eve")
    ]
    for letter, now in zip(asked, ({"state": "sent"}, {"attempts": 2}, {"state": "refused"}, {}), strict=True):
        Letter.objects.filter(pk=letter.pk).update(**now)
    Letter.objects.filter(pk=asked[3].pk).update(written_at=timezone.now() - timedelta(minutes=12))
    found = told()
    counts = {key[1]: value for key, value in found.items() if key[0] == "dispatch_letters_asked_last_hour"}
    assert counts == {"sent": 1, "deferred": 1, "failed": 1, "waiting": 1, "underway": 0}
    assert 719 < found["dispatch_letter_waits_seconds",] < 1800
    stopping.stop(Stop.Scope.NEWSLETTER, office.pk, newsroom.person(), "a test")
    figures._last = (-figures.KEPT, b"")
    assert told()["dispatch_letter_waits_seconds",] == 0


def test_what_came_back_is_counted_by_relay_provider_and_kind():
    relay = newsroom.relay()
    tallies.add(relay.pk, 1, {"accepted": 1000})
    Tally.objects.create(relay=relay, provider_class=1, outcome="complaint", letters=7)
    Flow.objects.create(at=timezone.now(), kind="mail", part=f"{relay.name}/1", outcome="sent", count=1000)
    Flow.objects.create(at=timezone.now(), kind="mail", part=f"{relay.name}/1", outcome="complaint", count=7)
    returned.sum_up()
    found, provider = told(), ProviderClass(1).name.lower()
    assert found["dispatch_returned_total", "complaint", provider, "main"] == 7
    assert found["dispatch_returned_total", "soft", provider, "main"] == 0
    assert found["dispatch_returned_last_days_ratio", "complaint", provider, "main"] == pytest.approx(0.007)
    assert ("dispatch_letters_total", "complaint", provider, "main") not in found


def test_ways_that_bounces_are_heard_by_are_told_with_how_long_they_were_not():
    hour = timezone.now() - timedelta(hours=1)
    Mailbox.objects.create(name="main", url=b"", asked_at=timezone.now(), trouble="it hung up", read_at=hour)
    Mailbox.objects.create(name="old", url=b"", active=False, read_at=hour)
    ears.note("intake", alive=True)
    found = {key[1]: value for key, value in told().items() if key[0] == "dispatch_returns_unread_seconds"}
    assert found.keys() == {"mailbox:main", "intake"}
    assert found["mailbox:main"] >= 3600
    assert found["intake"] < 600
    Ear.objects.update(alive_at=timezone.now() - timedelta(days=8))
    figures._last = (-figures.KEPT, b"")
    assert ("dispatch_returns_unread_seconds", "intake") not in told()


def test_files_that_got_out_are_counted_by_kind_for_a_week():
    now = timezone.now()
    for number, (file, seen) in enumerate(
        (("export:1", now), ("export:1", now), ("backup:a", now - timedelta(days=8)))
    ):
        Honey.objects.create(file=file, address_index=bytes([number]) * 32, seen_at=seen)
    found = {key[1]: value for key, value in told().items() if key[0] == "dispatch_leaks_last_week"}
    assert found == {"export": 1, "backup": 0}


def test_records_of_sending_domains_are_counted_and_no_domain_is_named():
    now = timezone.now()
    said = {"domain": "news.example.org", "words": "gone from news.example.org", "at": now}
    Looked.objects.create(what="DKIM", host="one._domainkey.news.example.org", standing="wrong", fell_at=now, **said)
    Looked.objects.create(what="SPF", host="news.example.org", standing="well", **said)
    Looked.objects.create(what="DMARC", host="_dmarc.news.example.org", standing="wrong", **said)
    Looked.objects.create(what="zen.example.net", host="192.0.2.1", standing="wrong", fell_at=now, **said)
    found = told()
    fell = {key[1]: value for key, value in found.items() if key[0] == "dispatch_sending_domain_fallen"}
    assert fell == {"dkim": 1, "spf": 0, "dmarc": 0, "blocklist": 1}
    assert found["dispatch_sending_domain_records", "wrong", "dmarc"] == 1
    assert "example" not in figures.exposition().decode()
