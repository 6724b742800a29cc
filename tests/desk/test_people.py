"""The pages of people and of what they did."""

import json
import logging

import newsroom
import pytest
from django.test import Client

from dispatch import logs
from dispatch.accounts import audit, signing_in, views
from dispatch.accounts.models import AuditEntry, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client):
    """An administrator, signed in."""
    one = newsroom.person("administrator")
    client.force_login(one, views.BACKEND)
    return one


@pytest.fixture
def bob():
    return newsroom.person("editor", "Bob")


def do(client, who, act, **more):
    return client.post(f"/people/{who.pk}/do/{act}", {"reason": "he asked"} | more, follow=True).content.decode()


def test_everyone_is_there_and_who_has_no_second_factor_yet(client, alice, bob):
    page = client.get("/people/").content.decode()
    assert page.count("not yet") == 2
    assert "bob@example.org" in page


def test_an_act_ends_the_persons_sessions(client, alice, bob):
    his = Client()
    his.force_login(bob, views.BACKEND)
    assert "1 session ended" in do(client, bob, "role", role="approver")
    bob.refresh_from_db()
    assert bob.role == "approver"
    assert his.get("/").status_code == 302
    assert set(AuditEntry.objects.values_list("act", flat=True)) == {"account.role.approver", "account.sign_out"}


def test_a_closed_account_opens_to_nobody_until_it_is_opened_again(client, alice, bob):
    link = signing_in.link(bob)
    do(client, bob, "close")
    assert Client().post(link).status_code == 410
    assert "closed" in client.get("/people/").content.decode()
    do(client, bob, "open")
    assert Client().post(signing_in.link(bob)).status_code == 302


def test_nobody_closes_or_raises_themselves(client, alice):
    assert "Not your own" in do(client, alice, "close")
    assert "Not your own" in do(client, alice, "role", role="editor")
    assert User.objects.get(role="administrator", is_active=True) == alice


def test_everybody_is_signed_out_at_once(client, alice, bob):
    his = Client()
    his.force_login(bob, views.BACKEND)
    client.post("/people/signout", {"reason": "a laptop was stolen"})
    assert [one.get("/").status_code for one in (client, his)] == [302, 302]


def test_an_operator_sees_no_people_but_the_audit_log(client):
    newsroom.signed_in(client)
    assert client.get("/people/").status_code == 403
    assert client.get("/audit/").status_code == 200


def test_the_log_is_filtered_by_person_and_act_and_goes_on(client, alice, bob, monkeypatch):
    monkeypatch.setattr("dispatch.desk.people.PAGE", 2)
    for number in range(3):
        audit.record(bob, "send.pause", f"send:{number}", "a typo")
    audit.record(alice, "stop.pull", "everything:all", "a mistake")
    first = client.get("/audit/").content.decode()
    assert "everything:all" in first
    assert "send:1" not in first
    paused = client.get(f"/audit/?who={bob.pk}&act=send").content.decode()
    assert "everything:all" not in paused
    assert "send:0" not in paused
    older = AuditEntry.objects.get(target="send:1").pk
    assert "send:0" in client.get(f"/audit/?who={bob.pk}&act=send&before={older}").content.decode()


def test_the_page_says_whether_the_chain_holds(client, alice):
    entry = audit.record(alice, "send.pause", "send:1", "a typo")
    assert bytes(entry.hash).hex() in client.get("/audit/?check=1").content.decode()
    AuditEntry.objects.update(reason="no reason")
    assert f"breaks at entry {entry.pk}" in client.get("/audit/?check=1").content.decode()


def test_each_entry_is_a_line_of_json_in_the_log(alice, caplog, django_capture_on_commit_callbacks):
    with caplog.at_level(logging.INFO, "dispatch.accounts.audit"), django_capture_on_commit_callbacks(execute=True):
        entry = audit.record(alice, "send.pause", "send:1", "bob@example.org complained")
    line = json.loads(logs.Json().format(caplog.records[-1]))
    assert line["entry"] == entry.pk
    assert (line["who"], line["act"], line["target"]) == (alice.pk, "send.pause", "send:1")
    assert line["reason"] == "…@… complained"
    assert line["hash"] == bytes(entry.hash).hex()
