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
from dispatch.audience.addresses import ProviderClass
from dispatch.delivery import sending, tallies
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Relay, Send, Tally, WorkerBeat
from dispatch.operations import figures
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
    counter = {"letters": "letters_total"}
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
