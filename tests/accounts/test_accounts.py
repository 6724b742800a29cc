"""People come in by a link or a password, do what their role allows, and what they did cannot be quietly changed."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpResponse
from django.utils import timezone

from dispatch import cli
from dispatch.accounts import permissions, signing_in, stopping
from dispatch.accounts.models import AuditEntry, Role, SignInLink, Stop, User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def alice():
    return User.objects.create_user("alice@example.org", PASSWORD, name="Alice", role=Role.OPERATOR)


def test_a_link_signs_in_once_and_only_when_its_button_is_pressed(client, alice):
    link = signing_in.link(alice)
    assert "Alice" in client.get(link).content.decode()
    assert "_auth_user_id" not in client.session
    assert client.post(link).status_code == 302
    assert client.session["_auth_user_id"] == str(alice.pk)
    client.logout()
    assert client.post(link).status_code == 410
    assert "_auth_user_id" not in client.session


def test_a_link_of_somebody_who_left_the_newsroom_is_no_link(client, alice):
    link = signing_in.link(alice)
    User.objects.update(is_active=False)
    assert client.post(link).status_code == 410


def test_an_old_link_is_no_link(client, alice):
    link = signing_in.link(alice)
    SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(link).status_code == 410
    assert client.post(link).status_code == 410


def test_a_links_token_is_not_in_the_database(alice):
    token = signing_in.link(alice).rpartition("/")[2]
    assert token.encode() not in bytes(SignInLink.objects.get().token_hash)


def test_a_password_signs_in_and_a_wrong_one_does_not(client, alice):
    page = client.get("/account/login/")
    assert page.status_code == 200
    wrong = client.post("/account/login/", {"login": "alice@example.org", "password": "wrong"})
    assert wrong.status_code == 200
    assert "_auth_user_id" not in client.session
    right = client.post("/account/login/", {"login": "alice@example.org", "password": PASSWORD})
    assert right.status_code == 302
    assert "_auth_user_id" in client.session


def test_a_sign_in_by_password_is_in_the_audit_log(client, alice):
    client.post("/account/login/", {"login": "alice@example.org", "password": PASSWORD})
    assert list(AuditEntry.objects.values_list("act", "who", "reason")) == [
        ("account.sign_in", alice.pk, "by password")
    ]


def test_too_many_wrong_passwords_lock_that_account_alone_however_they_are_sent(client, alice):
    User.objects.create_user("bob@example.org", PASSWORD)
    for number in range(10):
        spelled = ("alice@example.org", "ALICE@example.org")[number % 2]
        client.post(
            "/account/login/", {"login": spelled, "password": "wrong"}, headers={"user-agent": f"agent {number}"}
        )
    late = client.post("/account/login/", {"login": "alice@example.org", "password": PASSWORD})
    assert late.status_code == 429
    assert "sign-in link works" in late.content.decode()
    assert "_auth_user_id" not in client.session
    assert client.post("/account/login/", {"login": "bob@example.org", "password": PASSWORD}).status_code == 302


def test_a_locked_account_opens_after_an_hour_and_by_link_at_once(client, alice):
    for _ in range(11):
        client.post("/account/login/", {"login": "alice@example.org", "password": "wrong"})
    assert client.post(signing_in.link(alice)).status_code == 302
    client.logout()
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=61))
    assert client.post("/account/login/", {"login": "alice@example.org", "password": PASSWORD}).status_code == 302


def test_a_failed_attempt_keeps_neither_the_address_nor_the_password(client):
    client.post("/account/login/", {"login": "alice@example.org", "password": "a secret of hers"})
    kept = str(AccessAttempt.objects.values().get())
    assert "alice" not in kept
    assert "secret" not in kept
    assert "127.0.0.1" not in kept


def test_old_signs_of_signing_in_are_forgotten(client, alice):
    signing_in.link(alice)
    client.post("/account/login/", {"login": "bob@example.org", "password": "wrong"})
    client.force_login(alice)
    signing_in.forget_traces()
    assert [kind.objects.count() for kind in (SignInLink, Session, AccessAttempt)] == [1, 1, 1]
    with time_machine.travel(timezone.now() + timedelta(hours=9), tick=False):
        signing_in.forget_traces()
    assert [kind.objects.count() for kind in (SignInLink, Session, AccessAttempt)] == [0, 0, 0]


@pytest.mark.parametrize("path", ["signup/", "password/reset/", "email/"])
def test_nobody_signs_up_or_resets_by_mail(client, path):
    assert client.get(f"/account/{path}").status_code == 404


@pytest.mark.parametrize(("role", "may"), [(Role.EDITOR, True), (Role.OPERATOR, True), (Role.ADMINISTRATOR, False)])
def test_a_role_includes_those_before_it(rf, alice, role, may):
    request = rf.get("/")
    request.user, request.session = alice, {}
    page = permissions.requires(role)(lambda _: HttpResponse("in"))
    if may:
        assert page(request).content == b"in"
    else:
        with pytest.raises(PermissionDenied):
            page(request)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_press_the_button_at_once_one_gets_in(alice):
    token = signing_in.link(alice).rpartition("/")[2]

    def press(_):
        with closing(connection):
            return signing_in.use(token)

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(press, range(4)), key=bool) == [None, None, None, alice]


def test_a_stop_holds_until_it_is_lifted_and_is_audited(alice):
    pulled = stopping.stop(Stop.Scope.CHANNEL, 3, alice, "a mistake")
    assert list(stopping.in_force()) == [pulled]
    stopping.lift(pulled.pk, alice, "mended")
    stopping.lift(pulled.pk, alice, "mended")
    assert not stopping.in_force().exists()
    assert list(AuditEntry.objects.values_list("act", flat=True)) == ["stop.pull", "stop.lift"]


def test_a_person_is_added_at_the_terminal_and_gets_a_link(capsys, client):
    assert cli.main(["user", "add", "bob@example.org", "--name", "Bob"]) == 0
    link = capsys.readouterr().out.strip().removeprefix("http://dispatch.test")
    assert client.get(link).status_code == 200
    assert cli.main(["user", "add", "BOB@example.org"]) == 1
    assert "there is a person" in capsys.readouterr().err
    assert cli.main(["user", "link", "eve@example.org"]) == 1
