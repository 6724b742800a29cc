"""The same call twice is one act."""

import threading
from datetime import timedelta

import newsroom
import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.accounts.models import Stop
from dispatch.api import once
from dispatch.api.models import Answered
from dispatch.social.models import Post

pytestmark = pytest.mark.django_db
STOP = {"scope": "everything", "reason": "a drill"}


def test_the_same_key_and_body_get_the_same_answer(alice):
    first = alice.post("/stops", STOP, idempotency_key="drill-1")
    again = alice.post("/stops", STOP, idempotency_key="drill-1")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert (first.headers.get("Idempotent-Replayed"), again["Idempotent-Replayed"]) == (None, "true")
    assert Stop.objects.count() == 1


def test_the_etag_comes_again_too(alice):
    newsroom.channel()
    said = {"story": newsroom.story("en").pk, "channel": "masto"}
    answers = [alice.post("/posts", said, idempotency_key="k") for _ in range(2)]
    assert [(one.status_code, one["ETag"]) for one in answers] == [(201, '"1"')] * 2
    assert Post.objects.count() == 1


def test_the_same_key_with_another_body_or_path_is_refused(alice):
    alice.post("/stops", STOP, idempotency_key="k")
    for path, said in (("/stops", STOP | {"reason": "another"}), ("/posts", STOP)):
        refused = alice.post(path, said, idempotency_key="k")
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (422, "key-reused")
    assert Stop.objects.count() == 1


def test_what_was_refused_is_refused_again_without_a_look(alice):
    assert alice.post("/stops", {"scope": "everything"}, idempotency_key="k").status_code == 422
    assert alice.post("/stops", {"scope": "everything"}, idempotency_key="k")["Idempotent-Replayed"]


def test_two_programs_may_use_the_same_key(program):
    alice, bob = program(), program(name="Bob")
    assert alice.post("/stops", STOP, idempotency_key="k").status_code == 201
    assert bob.post("/stops", STOP | {"reason": "his own"}, idempotency_key="k").status_code == 201


def test_after_a_day_it_is_another_act(alice):
    alice.post("/stops", STOP, idempotency_key="k")
    Answered.objects.update(at=timezone.now() - once.KEPT - timedelta(seconds=1))
    alice.post("/stops", STOP, idempotency_key="k")
    assert Stop.objects.count() == 2
    Answered.objects.update(at=timezone.now() - once.KEPT - timedelta(seconds=1))
    assert once.forget_old() == 1


def test_what_broke_left_nothing_and_may_be_asked_again(alice, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr("dispatch.desk.halting.ledger.may_leave", lambda *_: 1 // 0)
        assert alice.post("/stops", STOP, idempotency_key="k").status_code == 500
    assert not Stop.objects.exists()
    assert alice.post("/stops", STOP, idempotency_key="k").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_while_it_is_under_way_the_same_is_told_to_wait(alice):
    name = once.vault.mac("idempotency", f"{alice.token.pk} k".encode())
    held, done = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            once._hold(name)
            held.set()
            done.wait(60)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    assert held.wait(60)
    busy = alice.post("/stops", STOP, idempotency_key="k")
    done.set()
    other.join(60)
    assert (busy.status_code, busy["Retry-After"]) == (409, "1")
    assert alice.post("/stops", STOP, idempotency_key="k").status_code == 201


def test_a_key_is_not_kept_as_it_came(alice):
    alice.post("/stops", STOP, idempotency_key="alice@example.org")
    kept = Answered.objects.get()
    assert b"alice" not in bytes(kept.key)
    assert "alice@" not in kept.body


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=st.lists(st.sampled_from("abc"), max_size=8))
def test_there_are_as_many_acts_as_keys(alice, keys):
    Stop.objects.all().delete()
    Answered.objects.all().delete()
    alice.token.__class__.objects.update(paid_until=None)
    for key in keys:
        alice.post("/stops", STOP, idempotency_key=key)
    assert Stop.objects.count() == len(set(keys))
