"""Passwords, sessions and roles, as docs/security/asvs.md says that they are."""

from datetime import timedelta

import newsroom
import pytest
import time_machine
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.urls import URLPattern, reverse
from django.utils import timezone

from dispatch.desk import urls as desk
from dispatch.operations import urls as operations

pytestmark = pytest.mark.django_db
LONG = "пройдзе яшчэ адзін доўгі дзень " * 3
OPEN_TO_ALL = {"live", "health_json", "connect_program", "metrics", "lost_factor", "lost_factor_stop"}
"""Whether this process is there and well, which program asks Bluesky's servers for an account, figures for this machine; and
where who cannot sign in says so, and stops what somebody else said in their name."""


@pytest.fixture
def alice():
    user = newsroom.person("administrator")
    user.set_password(LONG)
    user.save()
    return user


def sign_in(client, password):
    return client.post("/account/login/", {"login": "alice@example.org", "password": password})


def test_passwords_are_long_uncommon_and_as_they_were_typed(client, alice):
    for bad in ("short", "elevenchars", "qwerty123456"):
        with pytest.raises(ValidationError):
            validate_password(bad)
    validate_password("correct horse battery staple")
    assert len(LONG) > 64
    assert alice.password.startswith("scrypt$")
    assert [sign_in(client, typed).status_code for typed in (LONG[:72], LONG.upper(), LONG.strip(), LONG)] == [
        200,
        200,
        200,
        302,
    ]


def test_the_sign_in_page_masks_and_lets_managers_fill_in(client):
    page = client.get("/account/login/").content.decode()
    assert 'type="password"' in page
    assert 'autocomplete="current-password"' in page
    assert "onpaste" not in page


def test_signing_in_makes_a_new_session(client, alice):
    client.session["before"] = "x"
    session = client.session
    session["seen"] = "1"
    session.save()
    before = session.session_key
    sign_in(client, LONG)
    assert client.session.session_key != before
    assert not Session.objects.filter(pk=before).exists()


def test_a_session_lasts_a_working_day(client, alice):
    sign_in(client, LONG)
    with time_machine.travel(timezone.now() + timedelta(hours=7, minutes=59)):
        assert client.get("/").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(hours=8, minutes=1)):
        assert client.get("/").status_code == 302


def test_a_session_ends_with_signing_out_and_with_the_account(client, alice):
    sign_in(client, LONG)
    kept = client.cookies["sessionid"].value
    client.post("/account/logout/")
    assert not client.cookies["sessionid"].value
    client.cookies["sessionid"] = kept
    assert client.get("/").status_code == 302
    sign_in(client, LONG)
    assert client.get("/").status_code == 200
    type(alice).objects.update(is_active=False)
    assert client.get("/").status_code == 302


def paths():
    """Each address of the desk and of operations, with something in its places."""
    for pattern in (*desk.urlpatterns, *operations.urlpatterns):
        assert isinstance(pattern, URLPattern)
        if pattern.name not in OPEN_TO_ALL:
            converters = pattern.pattern.converters
            given = {name: 1 if "Int" in type(one).__name__ else "x" for name, one in converters.items()}
            yield reverse(pattern.name, kwargs=given)


def test_every_page_of_the_desk_asks_who_is_there(client):
    found = list(paths())
    assert len(found) > 20
    for path in found:
        for ask in (client.get, client.post):
            answer = ask(path)
            assert answer.status_code == 302, path
            assert answer["Location"].startswith("/account/login/"), path


def test_every_page_of_the_desk_offers_to_sign_out(client):
    newsroom.signed_in(client)
    for path in ("/", "/stories/", "/exports/", "/operations/queue/", "/operations/health/", "/posts/unknown"):
        assert "Sign out" in client.get(path).content.decode(), path
