"""Lost second factors on the page People, and the letters about them."""

import newsroom
import pytest
from allauth.mfa.models import Authenticator

from dispatch import cli
from dispatch.accounts import losing, permissions, views
from dispatch.accounts.models import LostFactor
from dispatch.delivery.mailers import fake
from dispatch.desk import outbox
from dispatch.desk.models import Notice

pytestmark = pytest.mark.django_db


def with_factor(role, name):
    who = newsroom.person(role, name)
    Authenticator.objects.create(user=who, type=Authenticator.Type.TOTP, data={"secret": "sealed"})
    return who


@pytest.fixture
def alice():
    return with_factor("editor", "Alice")


@pytest.fixture
def bob(client):
    """An administrator, signed in."""
    one = with_factor("administrator", "Bob")
    client.force_login(one, views.BACKEND)
    return one


def do(client, path):
    return client.post(path, {"reason": "I called her"}, follow=True).content.decode()


def test_one_grants_and_another_agrees(client, alice, bob):
    carol = with_factor("administrator", "Carol")
    assert "Granted, and they are told" in do(client, f"/people/{alice.pk}/do/lost-factor")
    one = LostFactor.objects.get()
    assert f"/people/lost/{one.pk}/do/agree" not in client.get("/people/").content.decode()
    assert "You granted it" in do(client, f"/people/lost/{one.pk}/do/agree")
    client.force_login(carol, views.BACKEND)
    assert f"/people/lost/{one.pk}/do/agree" in client.get("/people/").content.decode()
    page = do(client, f"/people/lost/{one.pk}/do/agree")
    assert "agreed, waits" in page
    assert "agreed by Carol" in page
    assert "Stopped. The second factor stays" in do(client, f"/people/lost/{one.pk}/do/stop")
    assert "It is over already" in do(client, f"/people/lost/{one.pk}/do/stop")
    assert Authenticator.objects.filter(user=alice).exists()


def test_each_of_the_two_shows_their_own_factor_anew(client, alice, bob, settings):
    settings.SECOND_FACTOR = True
    granted = losing.grant(alice, with_factor("administrator", "Carol"), "I called her")
    for path in (f"/people/{alice.pk}/do/lost-factor", f"/people/lost/{granted.pk}/do/agree"):
        answer = client.post(path, {"reason": "I called her"})
        assert answer.url.startswith("/account/factors/again/")
    assert LostFactor.objects.get().agreed_by is None


def test_others_than_administrators_have_no_part_in_it(client, alice, bob):
    one = losing.grant(alice, bob, "I called her")
    client.force_login(newsroom.person("operator", "Dave"), views.BACKEND)
    assert client.post(f"/people/lost/{one.pk}/do/agree", {"reason": "I called her"}).status_code == 403
    assert permissions.ORDER[-1] == "administrator"


def test_an_only_administrator_is_sent_to_the_terminal_which_tells_the_person(client, alice, bob, capsys):
    page = client.get("/people/").content.decode()
    assert "dispatch user lost-factor ADDRESS" in page
    assert f"/people/{alice.pk}/do/lost-factor" not in page
    assert cli.main(["user", "lost-factor", "alice@example.org"]) == 0
    assert "is told by mail" in capsys.readouterr().err
    assert "at the server's terminal" in Notice.objects.get(person=alice).text
    assert not Authenticator.objects.filter(user=alice).exists()


def test_the_letter_reaches_its_person_with_a_link_that_stops_it(client, alice, bob, monkeypatch):
    mailer = fake.Fake()
    monkeypatch.setattr("dispatch.delivery.relays.open_mailer", lambda _: mailer)
    newsroom.newsletter()
    newsroom.relay()
    one = losing.grant(alice, bob, "I called her")
    outbox.send(Notice.objects.get(person=alice).pk)
    (letter,) = mailer.taken
    content = letter.whole()
    assert letter.recipient == "alice@example.org"
    assert b"Subject: Dispatch: your second factor" in content
    assert f"http://dispatch.test{losing.stop_path(one.pk)}".encode() in content.replace(b"=\r\n", b"")
    assert "They were told" in client.get("/people/").content.decode()
    assert "your second factor" not in client.get("/telling/").content.decode()


def test_that_nobody_could_tell_them_is_said_where_it_is_decided(client, alice, bob):
    losing.grant(alice, bob, "I called her")
    outbox.send(Notice.objects.get(person=alice).pk)  # there is no newsletter to send it as
    assert "The letter to them did not leave: nobody to send it as" in client.get("/people/").content.decode()
