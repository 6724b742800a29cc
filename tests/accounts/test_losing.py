"""A lost second factor takes its owner, two administrators and some time; each step is told, and each can stop it."""

import time
from datetime import timedelta

import newsroom
import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from dispatch.accounts import losing, proof, signing_in, ticks, views
from dispatch.accounts.models import AuditEntry, LostFactor, Token
from dispatch.desk.models import Notice

pytestmark = pytest.mark.django_db
WHY = "I called her at home"


def with_factor(role, name):
    who = newsroom.person(role, name)
    Authenticator.objects.create(user=who, type=Authenticator.Type.TOTP, data={"secret": "sealed"})
    RecoveryCodes.activate(who)
    return who


@pytest.fixture
def alice():
    """She lost hers."""
    return with_factor("editor", "Alice")


@pytest.fixture
def bob():
    return with_factor("administrator", "Bob")


@pytest.fixture
def carol():
    return with_factor("administrator", "Carol")


def asked(address="alice@example.org"):
    """Through the page and the worker."""
    losing.ask(address)
    for number in losing.unread():
        losing.read(number)
    return LostFactor.objects.filter(state="asked").first()


def letters(who):
    return list(Notice.objects.filter(person=who).order_by("pk").values_list("text", flat=True))


def test_two_agree_and_the_time_passes_and_only_then_it_goes(alice, bob, carol, settings):
    settings.LOST_FACTOR_WAIT = timedelta(hours=2)
    hers = Client()
    hers.force_login(alice, views.BACKEND)
    Token.objects.create(user=alice, name="Calendar", hash=b"h" * 32, hint="abcd", expires_at=timezone.now())
    one = asked()
    losing.grant(alice, bob, WHY)
    assert losing.agree(one.pk, carol, WHY)
    losing.carry_out()
    assert proof.has(alice)
    with time_machine.travel(time.time() + 3 * 3600):
        ticks.see_to_lost_factors()
    assert not Authenticator.objects.filter(user=alice).exists()  # recovery codes, too
    assert hers.get("/").url.startswith("/account/login/")
    assert Token.objects.get().revoked_at
    assert LostFactor.objects.get().state == "done"
    assert [said.split(".")[0][:30] for said in letters(alice)] == [
        "Somebody said at the sign-in t",
        "Bob has granted that your seco",
        "Bob and Carol have agreed: you",
        "Your second factor and your re",
    ]
    acts = AuditEntry.objects.order_by("pk").values_list("act", "who")
    assert list(acts) == [
        ("account.factor_lost", None),
        ("account.factor_granted", bob.pk),
        ("account.factor_agreed", carol.pk),
        ("account.sign_out", carol.pk),
        ("account.factor_forgotten", carol.pk),
    ]


def test_nobody_does_it_alone_nor_for_themselves(alice, bob, carol):
    one = losing.grant(alice, bob, WHY)  # she telephoned
    with pytest.raises(losing.NotYours, match="another administrator agrees"):
        losing.agree(one.pk, bob, WHY)
    with pytest.raises(losing.NotYours, match="Not your own"):
        losing.grant(carol, carol, WHY)
    his = losing.grant(carol, bob, WHY)
    with pytest.raises(losing.NotYours, match="Not your own"):
        losing.agree(his.pk, carol, WHY)
    with pytest.raises(losing.NotYours, match="granted it already"):
        losing.grant(alice, carol, WHY)
    with pytest.raises(IntegrityError), transaction.atomic():  # whatever a program believes
        LostFactor.objects.filter(pk=one.pk).update(agreed_by=bob)


def test_whoever_was_made_an_administrator_for_the_purpose_does_not_count(client, alice, bob):
    eve = with_factor("editor", "Eve")
    one = losing.grant(alice, bob, WHY)
    client.force_login(bob, views.BACKEND)
    client.post(f"/people/{eve.pk}/do/role", {"reason": "she helps", "role": "administrator"})
    eve.refresh_from_db()
    assert eve.role == "administrator"
    with pytest.raises(losing.NotYours, match="You became an administrator after it was asked for"):
        losing.agree(one.pk, eve, WHY)


def test_its_owner_stops_it_by_the_letter_without_signing_in(client, alice, bob, carol):
    one = losing.grant(alice, bob, WHY)
    losing.agree(one.pk, carol, WHY)
    path = losing.stop_path(one.pk)
    assert "[stop" in letters(alice)[-1]  # what is kept lets nobody stop it
    assert client.get(path).status_code == 200
    assert LostFactor.objects.get().state == "agreed"  # a scanner's GET changed nothing
    assert "Stopped." in client.post(path).content.decode()
    assert client.get(path).status_code == 410
    assert client.get(path[:-1] + ("0" if path[-1] != "0" else "1")).status_code == 404
    with time_machine.travel(time.time() + 25 * 3600):
        losing.carry_out()
    assert proof.has(alice)
    assert letters(alice)[-1].startswith("Your second factor stays")


def test_signing_in_with_it_shows_that_it_is_not_lost(client, alice, bob, rf, monkeypatch):
    for records, state in (
        ([{"method": "link"}], "granted"),
        ([{"method": "mfa", "type": "recovery_codes"}], "granted"),
        ([{"method": "mfa", "type": "totp"}], "stopped"),
    ):
        LostFactor.objects.all().delete()
        losing.grant(alice, bob, WHY)
        monkeypatch.setattr(losing, "get_authentication_records", lambda *_, records=records: records)
        losing.signed_in(rf.get("/"), alice)
        assert LostFactor.objects.get().state == state


def test_it_never_comes_for_a_factor_that_was_set_up_since(alice, bob, carol, settings):
    settings.LOST_FACTOR_WAIT = timedelta(hours=2)
    one = losing.grant(alice, bob, WHY)
    losing.agree(one.pk, carol, WHY)
    losing.take_away(alice, None, "at the terminal")  # somebody could not wait
    assert LostFactor.objects.get().state == "done"
    other = losing.grant(alice, bob, WHY)
    losing.agree(other.pk, carol, WHY)
    new = Authenticator.objects.create(user=alice, type=Authenticator.Type.WEBAUTHN, data={"credential": {}})
    losing.added(alice, new)
    with time_machine.travel(time.time() + 3 * 3600):
        losing.carry_out()
    assert proof.has(alice)
    assert LostFactor.objects.get(pk=other.pk).state == "stopped"


def test_asking_says_nothing_of_who_is_there_and_costs_the_same_for_all(client, alice, django_assert_num_queries):
    newsroom.person("editor", "Dave")  # has none to lose
    answers = []
    for address in ("alice@example.org", "dave@example.org", "nobody@example.org"):
        page = client.post("/account/lost/", {"address": address}).content
        answers.append(page)
        assert address.encode() not in page
    assert len(set(answers)) == 1
    assert LostFactor.objects.filter(state="unread").count() == 3
    assert not any(b"@" in bytes(one) for one in LostFactor.objects.values_list("asked_as", flat=True))
    for number in losing.unread():
        losing.read(number)
        losing.read(number)  # a doorbell rung twice
    assert [one.user for one in LostFactor.objects.all()] == [alice]
    assert len(letters(alice)) == 1


def test_a_stranger_cannot_fill_a_mailbox(alice):
    one = asked("Alice@Example.org ")
    assert asked() == one
    assert LostFactor.objects.count() == 1
    losing.stop(one.pk, alice, "it was not me")
    assert asked() is None
    with time_machine.travel(time.time() + 25 * 3600):
        assert asked()
    LostFactor.objects.all().delete()
    LostFactor.objects.bulk_create([LostFactor(asked_as=b"x" * 32) for _ in range(losing.MOST_UNREAD)])
    losing.ask("alice@example.org")
    assert LostFactor.objects.count() == losing.MOST_UNREAD


def test_what_nobody_sees_to_is_over_after_three_days(alice, bob, carol):
    one = asked()
    with time_machine.travel(time.time() + 4 * 86400):
        signing_in.forget_traces()
        ticks.forget_traces()
        assert not losing.agree(one.pk, carol, WHY)
    assert LostFactor.objects.get().state == "over"
    assert not losing.stop(one.pk, bob, WHY)
    with time_machine.travel(time.time() + 100 * 86400):
        ticks.forget_traces()
    assert not LostFactor.objects.exists()


def test_a_newsroom_chooses_how_long_it_waits(alice, bob, carol, settings):
    settings.LOST_FACTOR_WAIT = timedelta(0)
    one = losing.grant(alice, bob, WHY)
    losing.agree(one.pk, carol, WHY)
    losing.carry_out()
    assert not proof.has(alice)
