"""Who must have a second factor, when it is asked for, and what a thief of the database has of it."""

import re
import time

import newsroom
import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache

from dispatch import cli
from dispatch.accounts import signing_in
from dispatch.accounts.models import AuditEntry, Stop, User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def asked(settings):
    """As everywhere but in the demo; codes that were used are forgotten between tests."""
    settings.SECOND_FACTOR = True
    cache.clear()


def code(secret, ahead=0):
    return f"{totp.hotp_value(secret, int(time.time()) // 30 + ahead):06}"


def sign_in(client, user):
    return client.post(signing_in.link(user))


def set_up(client):
    """An app for whoever is signed in; its secret."""
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", client.get("/account/factors/codes/add/").content.decode())[1]
    assert client.post("/account/factors/codes/add/", {"code": code(secret)}).status_code == 302
    return secret


@pytest.fixture
def alice():
    return newsroom.person()


@pytest.mark.django_db(transaction=True)
def test_whoever_comes_in_for_the_first_time_sets_one_up_and_gets_recovery_codes(client, alice):
    sign_in(client, alice)
    assert client.get("/").url == "/account/factors/?next=%2F"
    assert "Before you go on" in client.get("/account/factors/").content.decode()
    set_up(client)
    shown = re.findall(r"<li><code>(\w+)</code>", client.get("/account/factors/recovery/").content.decode())
    assert len(set(shown)) == 10
    assert "They were shown once" in client.get("/account/factors/recovery/").content.decode()
    assert client.get("/").status_code == 200
    assert set(AuditEntry.objects.values_list("act", "reason")) == {
        ("account.sign_in", "by link"),
        ("account.factor_added", "totp"),
        ("account.factor_added", "recovery_codes"),
    }


@pytest.mark.parametrize("way", ["link", "password"])
def test_afterwards_neither_link_nor_password_is_enough(client, alice, way):
    sign_in(client, alice)
    secret = set_up(client)
    client.logout()
    alice.set_password(PASSWORD)
    alice.save()
    if way == "link":
        answer = sign_in(client, alice)
    else:
        answer = client.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    assert answer.url == "/account/factors/show/"
    assert "_auth_user_id" not in client.session
    assert client.get("/").url.startswith("/account/login/")
    assert "Incorrect code" in client.post("/account/factors/show/", {"code": "000000"}).content.decode()
    with time_machine.travel(time.time() + 60):
        assert client.post("/account/factors/show/", {"code": code(secret)}).url == "/"
        assert client.get("/").status_code == 200
    assert AuditEntry.objects.latest("pk").reason == f"by {way} and a second factor"


def test_guessing_codes_ends_after_ten(client, alice):
    sign_in(client, alice)
    secret = set_up(client)
    client.logout()
    sign_in(client, alice)
    with time_machine.travel(time.time() + 60):
        for _ in range(10):
            client.post("/account/factors/show/", {"code": "000000"})
        client.post("/account/factors/show/", {"code": code(secret)})
        assert "_auth_user_id" not in client.session


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_undone_asks_anew_after_a_quarter_of_an_hour(client, alice):
    sign_in(client, alice)
    secret = set_up(client)
    pulled = Stop.objects.create(scope="everything", reason="a mistake")
    with time_machine.travel(time.time() + 16 * 60):
        page = "http://testserver/operations/queue/"
        lift = {
            "path": f"/operations/stop/{pulled.pk}/lift",
            "data": {"reason": "mended"},
            "headers": {"referer": page},
        }
        assert client.get("/operations/queue/").status_code == 200
        assert client.post(**lift).url == "/account/factors/again/?next=%2Foperations%2Fqueue%2F"
        assert Stop.objects.get().lifted_at is None
        shown = client.get("/account/factors/again/?next=%2Foperations%2Fqueue%2F").content.decode()
        assert "Nothing was done yet" in shown
        again = {"code": code(secret), "next": "/operations/queue/"}
        assert client.post("/account/factors/again/", again).url == "/operations/queue/"
        assert client.post(**lift).status_code == 302
        assert Stop.objects.get().lifted_at


def test_a_password_does_not_stand_in_for_it(client, alice):
    alice.set_password(PASSWORD)
    alice.save()
    sign_in(client, alice)
    assert client.post("/account/again/", {"password": PASSWORD}).status_code == 302
    set_up(client)
    with time_machine.travel(time.time() + 16 * 60):
        assert client.get("/account/again/").url == "/account/factors/again/"
        assert client.post("/account/factors/codes/remove/").url.startswith("/account/factors/again/")
    assert Authenticator.objects.filter(type="totp").exists()


def test_a_session_from_before_it_was_set_up_elsewhere_must_show_it(client, alice):
    sign_in(client, alice)
    set_up(client)
    client.force_login(alice)
    assert client.get("/").url.startswith("/account/factors/again/")


def test_the_database_does_not_hold_what_makes_codes(client, alice):
    sign_in(client, alice)
    secret = set_up(client)
    assert secret not in str(list(Authenticator.objects.values_list("data")))


def test_in_the_demo_nobody_is_asked_and_the_page_says_so(client, alice, settings):
    settings.SECOND_FACTOR = False
    link = signing_in.link(alice)
    assert "This is a demo" in client.get(link).content.decode()
    client.post(link)
    assert client.get("/").status_code == 200
    assert "nobody is asked for a second factor here" in client.get("/account/factors/").content.decode()


def test_who_lost_it_is_signed_out_and_sets_up_another(client, alice, capsys):
    sign_in(client, alice)
    set_up(client)
    assert cli.main(["user", "lost-factor", "alice@example.org"]) == 0
    assert client.get("/").url.startswith("/account/login/")
    client.post(capsys.readouterr().out.strip().removeprefix("http://dispatch.test"))
    assert client.get("/").url.startswith("/account/factors/?")


def test_one_or_everybody_is_signed_out_at_once(client, alice, capsys):
    bob = newsroom.person(name="Bob")
    other = type(client)()
    sign_in(client, alice)
    sign_in(other, bob)
    link = signing_in.link(bob)
    assert cli.main(["user", "signout", "bob@example.org"]) == 0
    assert "1 session ended" in capsys.readouterr().out
    assert "_auth_user_id" in client.session
    assert other.get("/").url.startswith("/account/login/")
    assert other.post(link).status_code == 410
    assert cli.main(["user", "signout", "--all"]) == 0
    assert client.get("/").url.startswith("/account/login/")
    assert list(AuditEntry.objects.filter(act="account.sign_out").values_list("target", flat=True)) == [
        f"user:{bob.pk}",
        "user:all",
    ]
    assert cli.main(["user", "signout", "eve@example.org"]) == 1
    assert User.objects.count() == 2


def test_a_session_ends_after_eight_hours_however_busy_it_was(client, alice, settings):
    settings.SECOND_FACTOR = False
    sign_in(client, alice)
    for hours, inside in ((5, True), (7, True), (8.1, False)):
        with time_machine.travel(time.time() + hours * 3600):
            assert (client.get("/").status_code == 200) is inside
            session = client.session
            session["busy"] = hours
            session.save()
    assert client.get("/").url.startswith("/account/login/")
