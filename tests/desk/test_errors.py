"""What people see when something goes wrong."""

import newsroom
import pytest
from django.test import Client

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
