"""History is read at a real streaming replica while that follows closely, and nobody waits for one that does not."""

import signal
import time
from datetime import timedelta

import newsroom
import psycopg
import pytest
import replicas
from django.db import Error, connections
from django.utils import timezone

from dispatch import history, replica
from dispatch.accounts import audit
from dispatch.accounts.models import AuditEntry
from dispatch.audience.models import Newsletter
from dispatch.operations import figures, health
from dispatch.operations.models import Flow
from dispatch.social.models import Post

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", replica.ALIAS])


@pytest.fixture(scope="module", autouse=True)
def server(django_db_setup):
    """Django lets a test ask a database that it knew before."""
    with replicas.of_the_tests() as one, pytest.MonkeyPatch.context() as patched:
        patched.setitem(connections.settings, replica.ALIAS, replicas.alias(one.url))
        yield one


@pytest.fixture
def copy(server, monkeypatch):
    """It follows, and this process knows."""
    with replicas.known_as(server.url, monkeypatch) as watch:
        yield server
        assert watch


def place(using):
    """Where a statement is answered: whether that server only follows another."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        return using, cursor.fetchone()[0]


def is_used():
    return history.read(place) == (replica.ALIAS, True)


def asked_of(alias, what):
    """The statements that `what` asks of this database."""
    statements = []

    def note(execute, sql, params, many, context):
        statements.append(sql)
        return execute(sql, params, many, context)

    with connections[alias].execute_wrapper(note):
        what()
    return statements


def has_arrived(copy):
    """Everything that was committed until now."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_lsn()::text")
        lsn = cursor.fetchone()[0]
    replicas.until(lambda: copy.ask(f"SELECT pg_last_wal_replay_lsn() >= '{lsn}'::pg_lsn"))


@pytest.fixture
def newsroom_with_a_past():
    """A post that is out, what flowed a week ago, and three entries of the audit log."""
    story = newsroom.story("en")
    newsroom.post(newsroom.channel(), story, Post.State.SENT, sent_at=timezone.now(), placed=True)
    at = timezone.now() - timedelta(days=7)
    Flow.objects.create(at=at, kind="post", part="masto", outcome="sent", count=41)
    for number in range(3):
        audit.record(None, "send.pause", f"send:{number}", "a test")
    return story


def test_what_is_history_is_read_at_the_replica(copy, client, newsroom_with_a_past):
    newsroom.signed_in(client)
    has_arrived(copy)
    last = AuditEntry.objects.latest("pk").pk
    pages = {
        "/operations/queue/flow/?kind=post&span=4w": ("operations_flow", "<b>41</b>"),
        "/operations/queue/flow.json?kind=post&span=4w": ("operations_flow", "41"),
        f"/audit/?before={last}&check=1": ("accounts_auditentry", "The chain holds."),
        "/operations/domains/": ("delivery_report", "None came within"),
        f"/stories/{newsroom_with_a_past.pk}/feedback": ("social_post", "It is asked an hour after"),
    }
    for address, (table, words) in pages.items():
        answers = []
        replicas.until(lambda a=address, t=table, n=answers: any(t in sql for sql in _seen_there(client, a, n)))
        assert words in answers[-1], address


def _seen_there(client, address, answers):
    """What the page asks of the replica; it may be read elsewhere while the machine is too busy for it to answer."""
    return asked_of(replica.ALIAS, lambda: answers.append(client.get(address).content.decode()))


def test_what_moves_and_what_decides_is_read_where_it_is_written(copy, client, newsroom_with_a_past):
    replicas.until(is_used)
    addresses = ["/", "/operations/queue/", "/operations/queue/items/", "/operations/queue/flow/?span=1h", "/people/"]
    addresses += ["/operations/queue/flow.json?span=15m", "/operations/health/", "/operations/relays/", "/exports/"]

    def visit():
        newsroom.signed_in(client, "administrator")
        for address in addresses:
            assert client.get(address).status_code == 200, address

    assert asked_of(replica.ALIAS, visit) == []
    entries = asked_of("default", lambda: client.get("/audit/"))
    assert any('"accounts_auditentry"."reason"' in sql for sql in entries), "what was just done is there at once"


def test_a_session_there_can_only_read_and_a_row_from_there_is_written_at_the_primary(copy):
    newsroom.newsletter()
    has_arrived(copy)
    replicas.until(is_used)
    found = history.read(lambda using: Newsletter.objects.using(using).get())
    assert found._state.db == replica.ALIAS
    found.save()
    with connections[replica.ALIAS].cursor() as cursor:
        cursor.execute("SHOW default_transaction_read_only")
        assert cursor.fetchone()[0] == "on"
        with pytest.raises(Error, match="read-only"):
            cursor.execute("DELETE FROM audience_newsletter")


def test_a_replica_that_freezes_while_it_is_read_lets_go_and_comes_back(copy, client, newsroom_with_a_past):
    newsroom.signed_in(client)
    replicas.until(is_used)
    places = []

    def look(using):
        if using == replica.ALIAS:
            copy.all(signal.SIGSTOP)
        places.append(using)
        return place(using)

    while replica.ALIAS not in places:  # too busy a machine takes a reading to the primary
        began = time.monotonic()
        assert history.read(look) == ("default", False)
        took = time.monotonic() - began
    copy.all(signal.SIGSTOP)
    try:
        assert client.get("/operations/queue/flow/?kind=post&span=4w").status_code == 200
        assert replica.watch.seen().state == replica.State.AWAY
        assert told()["dispatch_replica_up"] == "0.0"
    finally:
        copy.all(signal.SIGCONT)
    assert took < 30
    replicas.until(is_used)
    assert told()["dispatch_replica_up"] == "1.0"


def test_a_replica_that_is_stopped_is_done_without_and_taken_again(copy):
    replicas.until(is_used)
    copy.stop()
    assert history.read(place) == ("default", False)
    replicas.until(lambda: replica.watch.seen().state == replica.State.AWAY)
    (check,) = [one for one in health.checks() if one.part == "Replica"]
    assert (check.state, check.words) == ("todo", "It does not answer. Everything is read from the primary.")
    replica.require()
    copy.start()
    replicas.until(is_used)


def test_a_replica_that_falls_behind_is_done_without_until_it_has_caught_up(copy, monkeypatch):
    monkeypatch.setattr(replica, "LATE", 1.0)
    replicas.until(is_used)
    copy.ask("SELECT pg_wal_replay_pause()::text")
    newsroom.newsletter()
    try:
        replicas.until(lambda: replica.watch.seen().state == replica.State.LATE)
        assert history.read(place) == ("default", False)
        assert " s behind. Everything is read from the primary." in health_of_it().words
        assert float(told()["dispatch_replica_lag_seconds"]) > 1
    finally:
        copy.ask("SELECT pg_wal_replay_resume()::text")
    replicas.until(is_used)
    replicas.until(lambda: health_of_it().state == "ok")


def test_an_idle_primary_is_no_lag(copy, monkeypatch):
    monkeypatch.setattr(replica, "LATE", 0.001)
    has_arrived(copy)
    replicas.until(is_used)
    assert copy.ask("SELECT clock_timestamp() - pg_last_xact_replay_timestamp() > '1 ms'")
    assert replica.watch.seen().lag == 0


def test_what_only_the_replica_cannot_say_is_asked_of_the_primary(copy):
    """As where a long reading meets the replay, or a column came a second ago."""
    replicas.until(is_used)
    places = []

    def look(using):
        places.append(using)
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_lsn()::text")
            return using

    assert history.read(look) == "default"
    assert places == [replica.ALIAS, "default"]
    with pytest.raises(ZeroDivisionError):
        history.read(lambda _: 1 / 0)
    with pytest.raises(Error):
        history.read(lambda using: connections[using].cursor().execute("SELECT nothing"))


def test_a_promoted_one_is_not_read(server, monkeypatch):
    """Last, and for good: nobody follows it back."""
    with replicas.known_as(server.url, monkeypatch):
        replicas.until(is_used)
        server.ask("SELECT pg_promote()")
        replicas.until(lambda: replica.watch.seen().state == replica.State.LEADS)
        assert history.read(place) == ("default", False)
        assert "follows nobody" in health_of_it().words
        with connections[replica.ALIAS].cursor() as cursor, pytest.raises(Error, match="read-only"):
            cursor.execute("DELETE FROM audience_newsletter")
    with psycopg.connect(server.url) as session:
        assert session.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)


def health_of_it():
    (check,) = [one for one in health.checks() if one.part == "Replica"]
    return check


def told():
    """Figures by their name, where they have no label."""
    figures._last = (-figures.KEPT, b"")
    lines = figures.exposition().decode().splitlines()
    return dict(line.split() for line in lines if not line.startswith("#") and "{" not in line)
