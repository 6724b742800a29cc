"""Signing up: the answer is the same for everyone, and a mailbox gets one neutral letter however often it is asked for."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from dispatch import vault
from dispatch.audience import budgets, letters, signing_up, tickets, tokens
from dispatch.audience.models import Letter, Newsletter, SignUp, Spent, Subscriber, Subscription, Suppression, Wish
from dispatch.workers import upkeep

pytestmark = pytest.mark.django_db
HERE = b"n" * 16


def ask(newsletter, address="alice@example.org", language="be", network=HERE, **more):
    signing_up.ask(tickets.Wanted(newsletter.pk, address, language, **more), network)


def take():
    upkeep.take_sign_ups()


@pytest.fixture
def other(newsletter):
    return Newsletter.objects.create(slug="weekly", languages=["en"], from_name="O", from_address="o@example.org")


def test_a_wish_and_a_letter_come_of_a_form(newsletter):
    ask(newsletter, topics=("culture",))
    assert not Letter.objects.exists()
    take()
    letter, wish = Letter.objects.get(), Wish.objects.get()
    assert (letters.address(letter), letter.language, letter.kind) == ("alice@example.org", "be", "confirm")
    assert (signing_up.address_of(wish), wish.topics, wish.is_told) == ("alice@example.org", ["culture"], True)
    assert not SignUp.objects.exists()
    assert not Subscriber.objects.exists()


def test_ten_thousand_forms_for_one_address_make_one_letter(newsletter):
    # Each with a spelling, network and language of its own; inserted at once, taken as in life.
    spellings = ("alice@example.org", "Alice@Example.org", " ALICE@example.ORG ")
    forms = []
    for number in range(10_000):
        key = f"{number:032x}"
        wanted = tickets.Wanted(newsletter.pk, spellings[number % 3], ("en", "be", "ru")[number % 3])
        made = SignUp(key=key, network=number.to_bytes(16, "big"))
        made.content = wanted.sealed(f"sign-up:{made._meta.get_field('key').to_python(key)}:content")
        forms.append(made)
    SignUp.objects.bulk_create(forms)
    take()
    assert Letter.objects.count() == 1
    assert Wish.objects.count() == 1
    assert not SignUp.objects.exists()


def test_a_mailbox_gets_one_letter_a_day_and_three_a_month(newsletter):
    now = timezone.now()
    for hours in range(0, 24 * 20, 6):
        with time_machine.travel(now + timedelta(hours=hours), tick=False):
            ask(newsletter)
            take()
    assert Letter.objects.count() == 3
    with time_machine.travel(now + timedelta(days=31), tick=False):
        ask(newsletter)
        take()
    assert Letter.objects.count() == 4


@pytest.mark.parametrize("state", ["new", "waiting", "subscribed", "left", "bounced", "complained", "erased"])
def test_everyone_gets_the_same_letter(newsletter, other, reader, state):
    index = vault.blind_index("alice@example.org")
    if state == "waiting":
        Wish.objects.create(
            address_index=index, newsletter=other, language="en", expires_at=timezone.now() + timedelta(hours=1)
        )
    elif state in {"subscribed", "left"}:
        subscription = reader("alice@example.org")
        Subscription.objects.filter(pk=subscription.pk).update(state="active" if state == "subscribed" else "left")
    elif state != "new":
        Suppression.objects.create(address_index=index, reason=state)
    ask(newsletter)
    take()
    assert [letter.kind for letter in Letter.objects.all()] == ["confirm"]


@pytest.mark.parametrize("address", ["alice@example", "alice@@example.org", "a@b.org, c@d.org", "a b@example.org"])
def test_what_no_server_takes_gets_none(newsletter, address):
    ask(newsletter, address)
    take()
    assert not Letter.objects.exists()
    assert not SignUp.objects.exists()


def test_a_filled_trap_is_a_machines(newsletter):
    ask(newsletter, is_trapped=True)
    take()
    assert not Letter.objects.exists()


def test_a_second_newsletter_joins_the_letter_that_waits(newsletter, other):
    ask(newsletter)
    take()
    ask(other)
    take()
    assert Letter.objects.count() == 1
    assert Wish.objects.filter(is_told=True).count() == 2


def test_who_has_confirmed_today_is_told_tomorrow_of_another_newsletter(client, newsletter, other):
    ask(newsletter)
    take()
    client.post(f"/confirm/{tokens.token(Letter.objects.get().handle)}")
    ask(other)
    take()
    assert Letter.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        upkeep.tell_the_held()
        upkeep.tell_the_held()
        assert Letter.objects.count() == 2


def test_a_network_that_used_up_its_hour_waits_for_the_next(newsletter, settings):
    settings.SIGN_UPS = {"network_an_hour": 2, "an_hour": 100}
    with time_machine.travel("2026-11-23 08:30Z", tick=False):
        for name in ("alice", "bob", "charlie"):
            ask(newsletter, f"{name}@example.org")
        ask(newsletter, "dora@example.org", network=b"m" * 16)
        take()
        assert Letter.objects.count() == 3
        assert SignUp.objects.count() == 1
    with time_machine.travel("2026-11-23 09:00Z", tick=False):
        take()
        assert Letter.objects.count() == 4
        assert not SignUp.objects.exists()


def test_everybody_together_waits_too(newsletter, settings):
    settings.SIGN_UPS = {"network_an_hour": 100, "an_hour": 1}
    ask(newsletter, network=b"a" * 16)
    ask(newsletter, "bob@example.org", network=b"b" * 16)
    take()
    assert Letter.objects.count() == 1
    assert SignUp.objects.count() == 1


def test_a_network_is_known_by_a_keyed_hash_of_the_day():
    monday, tuesday = (timezone.now() + timedelta(days=days) for days in (0, 1))
    assert budgets.network("192.0.2.7", monday) == budgets.network("192.0.2.200", monday)
    assert budgets.network("::ffff:192.0.2.7", monday) == budgets.network("192.0.2.7", monday)
    assert budgets.network("2001:db8:1:2::7", monday) == budgets.network("2001:db8:1:9::1", monday)
    assert budgets.network("192.0.3.7", monday) != budgets.network("192.0.2.7", monday)
    assert budgets.network("192.0.2.7", tuesday) != budgets.network("192.0.2.7", monday)
    assert budgets.network("", monday) == budgets.network("a socket", monday)


def test_what_nobody_confirms_is_gone_after_three_days_and_its_count_after_a_month(newsletter):
    ask(newsletter)
    take()
    ask(newsletter, "bob@example.org")
    with time_machine.travel(timezone.now() + timedelta(hours=73)):
        signing_up.forget()
        assert not Wish.objects.exists()
        assert not SignUp.objects.exists()
        assert not Spent.objects.exists()
        assert Letter.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        signing_up.forget()
        assert not Letter.objects.exists()


def test_a_form_whose_key_is_gone_waits_and_holds_nobody_up(newsletter):
    ask(newsletter)
    SignUp.objects.update(content=b"\x07" + b"x" * 60)
    ask(newsletter, "bob@example.org")
    take()
    assert letters.address(Letter.objects.get()) == "bob@example.org"
    assert SignUp.objects.get().not_before > timezone.now()


def test_nothing_that_waits_shows_an_address(newsletter):
    ask(newsletter)
    assert b"alice" not in bytes(SignUp.objects.get().content)
    take()
    assert b"alice" not in bytes(Wish.objects.get().address)
    assert b"alice" not in bytes(Letter.objects.get().address)
