"""What people see when something goes wrong."""

import asyncio
import contextlib

import newsroom
import pytest
from django.db import connection
from django.test import AsyncClient, Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client):
    return newsroom.signed_in(client)


def test_a_page_that_is_not_there_says_so_in_the_desks_look(alice):
    answer = alice.get("/nowhere")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()
    assert "Sign out" in answer.content.decode()


def test_a_stranger_is_told_the_same_without_the_rooms(client):
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "Queue" not in answer.content.decode()


@pytest.mark.parametrize("path", ["/nowhere", "/e/AAAAAAAAAAAAAAAA/be"])
def test_a_reader_whose_link_is_old_learns_nothing_of_the_newsrooms_tools(client, path):
    page = client.get(path).content.decode()
    assert "There is nothing here" in page
    assert "Dispatch" not in page
    assert "Home" not in page


def test_a_crash_shows_a_page_without_a_traceback(client, monkeypatch):
    alice = newsroom.signed_in(Client(raise_request_exception=False))
    monkeypatch.setattr("dispatch.operations.stats.now", lambda: 1 / 0)
    answer = alice.get("/")
    assert answer.status_code == 500
    assert "Something broke here" in answer.content.decode()
    assert "ZeroDivisionError" not in answer.content.decode()


def test_a_form_without_its_token_is_asked_for_again():
    strict = newsroom.signed_in(Client(enforce_csrf_checks=True))
    answer = strict.post("/operations/stop", {"scope": "everything:", "reason": "a drill"})
    assert answer.status_code == 403
    assert "Please send that again" in answer.content.decode()


def test_an_editor_is_told_who_may_open_the_queue(client):
    answer = newsroom.signed_in(client, "editor").get("/operations/queue/")
    assert answer.status_code == 403
    assert "role is operator or above" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/nowhere", "/subscription/11111111-2222-4333-8444-555555555555/x"])
def test_a_page_that_is_not_there_keeps_no_session_which_the_databases_restart_would_break(path):
    reader, loop = AsyncClient(raise_request_exception=False), asyncio.new_event_loop()
    with contextlib.closing(loop):
        before = loop.run_until_complete(reader.get(path))
        with connection.cursor() as cursor:
            others = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
            cursor.execute(f"{others} AND pid <> pg_backend_pid()")
        after = loop.run_until_complete(reader.get(path))
        loop.run_until_complete(loop.shutdown_default_executor())
    assert (before.status_code, after.status_code) == (404, 404)
