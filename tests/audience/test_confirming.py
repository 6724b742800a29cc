"""Confirming, choosing and moving: by links mailed to a mailbox, which show before they act."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from dispatch import vault
from dispatch.audience import leaving, letters, moving, signing_up, tickets, tokens
from dispatch.audience.models import Change, Letter, Newsletter, Subscriber, Subscription, Suppression, Wish
from dispatch.workers import upkeep

pytestmark = pytest.mark.django_db
Kind = Letter.Kind


def link(letter):
    return letters.link(letter).removeprefix("http://dispatch.test")


def letter_to(address, kind, **more):
    return Letter.objects.filter(address_index=vault.blind_index(address), kind=kind, **more).latest("pk")


def address_of(subscriber):
    return vault.unseal(bytes(subscriber.address), f"subscriber:{subscriber.pk}:address")


@pytest.fixture
def asked(newsletter):
    """Alice asked for the newsletter, and got her letter."""
    signing_up.ask(tickets.Wanted(newsletter.pk, "alice@example.org", "be", ("culture",)), b"n" * 16)
    upkeep.take_sign_ups()
    return Letter.objects.get()


@pytest.fixture
def chosen(newsletter, reader):
    """A fresh link to Alice's preferences."""
    subscription = reader("alice@example.org", language="be", name="Alice")
    return letters.write(Kind.PREFERENCES, newsletter, "be", "alice@example.org", subscriber=subscription.subscriber)


def test_opening_the_letters_link_shows_and_pressing_subscribes(client, asked, newsletter):
    page = client.get(link(asked))
    assert "Навіны Офіса" in page.content.decode()
    assert client.head(link(asked)).status_code == 200
    assert not Subscriber.objects.exists()
    assert "Вітаем" in client.post(link(asked)).content.decode()
    one = Subscription.objects.get()
    assert (one.language, one.topics, one.state, one.consent_source) == (
        "be",
        ["culture"],
        "active",
        "form, confirmed by mail",
    )
    assert address_of(one.subscriber) == "alice@example.org"
    assert not Wish.objects.exists()


def test_pressing_twice_subscribes_once(client, asked):
    client.post(link(asked))
    assert "больш не дзейнічае" in client.post(link(asked)).content.decode()
    assert Subscription.objects.count() == 1


def test_after_three_days_the_link_is_over(client, asked):
    with time_machine.travel(timezone.now() + timedelta(hours=73)):
        client.post(link(asked))
    assert not Subscriber.objects.exists()


def test_who_reads_already_changes_their_wishes_and_keeps_their_links(client, asked, newsletter, reader):
    before = reader("alice@example.org")
    client.post(link(asked))
    after = Subscription.objects.get()
    assert (after.pk, bytes(after.handle), after.language) == (before.pk, bytes(before.handle), "be")
    assert after.consented_at == before.consented_at


@pytest.mark.parametrize("reason", ["erased", "bounced", "complained"])
def test_whose_mailbox_says_yes_is_written_to_again(client, asked, reason):
    Suppression.objects.create(address_index=asked.address_index, reason=reason)
    client.post(link(asked))
    assert not Suppression.objects.exists()


def test_a_confirmed_sign_up_leads_to_what_can_be_chosen(client, asked):
    page = client.post(link(asked)).content.decode()
    choose = f"/choose/{tokens.token(asked.handle)}"
    assert choose in page
    assert "Што вы атрымліваеце" in client.get(choose).content.decode()


@pytest.mark.parametrize("path", ["confirm", "choose", "move"])
def test_a_link_that_is_none_is_over(client, newsletter, path):
    for token in ("a" * 26, "nonsense"):
        assert "This link is over" in client.get(f"/{path}/{token}").content.decode()
        assert "This link is over" in client.post(f"/{path}/{token}").content.decode()


def test_a_link_opens_its_own_page_only(client, asked, chosen):
    assert "больш не дзейнічае" not in client.get(link(chosen)).content.decode()
    assert "This link is over" in client.post(f"/confirm/{tokens.token(chosen.handle)}").content.decode()
    assert "This link is over" in client.post(f"/move/{tokens.token(chosen.handle)}").content.decode()


def test_the_footers_link_shows_nothing_and_mails_a_fresh_one(client, reader):
    alice = reader("alice@example.org", language="be", name="Alice")
    path = f"/preferences/{tokens.token(alice.handle)}"
    page = client.get(path).content.decode()
    assert not [word for word in ("Alice", "alice", 'name="language') if word in page]
    assert not Letter.objects.exists()
    for _ in range(5):
        client.post(path)
    assert Letter.objects.filter(kind=Kind.PREFERENCES).count() == 3
    assert letters.address(Letter.objects.first()) == "alice@example.org"


def test_everything_can_be_chosen(client, chosen, newsletter):
    weekly = Newsletter.objects.create(
        slug="weekly", languages=["en", "ru"], topics=["law", "culture"], from_name="O", from_address="o@example.org"
    )
    shown = client.get(link(chosen)).content.decode()
    assert 'value="Alice"' in shown
    assert "alice@" not in shown
    one, further = newsletter.pk, weekly.pk
    wishes = {f"on-{one}": "on", f"language-{one}": "en", f"second-{one}": "ru", "name": "", "pause": "2"}
    wishes |= {f"on-{further}": "on", f"language-{further}": "ru", f"topics-{further}": ["law"]}
    page = client.post(link(chosen), wishes | {"act": "save"})
    assert "Захавана" in page.content.decode()
    reader = Subscriber.objects.get()
    office, other = (reader.subscriptions.get(newsletter=one) for one in (newsletter, weekly))
    assert (office.language, office.second_language) == ("en", "ru")
    assert (other.language, other.topics, other.consent_source) == ("ru", ["law"], "preferences")
    assert reader.name is None
    assert timedelta(days=13) < reader.paused_until - timezone.now() < timedelta(days=15)
    assert "Паўза да" in client.get(link(chosen)).content.decode()
    client.post(
        link(chosen),
        wishes | {"act": "save", "pause": "0", f"topics-{further}": ["law", "culture"], "name": " Bob\u202e\n "},
    )
    reader.refresh_from_db()
    other.refresh_from_db()
    assert (reader.paused_until, other.topics) == (None, [])
    assert vault.unseal(bytes(reader.name), f"subscriber:{reader.pk}:name") == "Bob"


def test_an_empty_post_changes_nothing(client, chosen):
    client.post(link(chosen))
    assert Subscription.objects.get().state == "active"


def test_what_is_not_ticked_ends(client, chosen, newsletter):
    client.post(link(chosen), {"act": "save", f"language-{newsletter.pk}": "be"})
    assert Subscription.objects.get().state == "left"


def test_leaving_everything_is_forgotten_a_day_later_with_every_letter(client, chosen):
    client.post(link(chosen), {"act": "forget"})
    assert Subscription.objects.get().state == "left"
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert leaving.forget_who_left() == 1
    left = [model.objects.count() for model in (Subscriber, Subscription, Letter, Wish, Change)]
    assert left == [0, 0, 0, 0, 0]
    assert Suppression.objects.get().reason == "erased"


def ask_to_move(client, chosen, address="bob@example.org"):
    page = client.post(link(chosen), {"act": "move", "address": address})
    upkeep.tell_both(Change.objects.get().pk)
    return page


def test_both_mailboxes_must_agree_to_a_move(client, chosen):
    ask_to_move(client, chosen)
    old, new = letter_to("alice@example.org", Kind.OLD_ADDRESS), letter_to("bob@example.org", Kind.NEW_ADDRESS)
    client.get(link(old))
    client.post(link(new))
    assert address_of(Subscriber.objects.get()) == "alice@example.org"
    client.post(link(old))
    reader = Subscriber.objects.get()
    assert address_of(reader) == "bob@example.org"
    assert bytes(reader.address_index) == vault.blind_index("bob@example.org")
    assert bytes(Suppression.objects.get().address_index) == vault.blind_index("alice@example.org")
    assert not Change.objects.exists()


def test_the_old_mailboxs_yes_is_for_the_address_it_was_asked_about(client, chosen):
    ask_to_move(client, chosen, "bob@example.org")
    asked_first = letter_to("alice@example.org", Kind.OLD_ADDRESS)
    ask_to_move(client, chosen, "charlie@example.org")
    client.post(link(letter_to("charlie@example.org", Kind.NEW_ADDRESS)))
    client.post(link(asked_first))
    assert address_of(Subscriber.objects.get()) == "alice@example.org"


def test_who_reads_with_both_addresses_becomes_one_reader(client, chosen, newsletter, reader):
    weekly = Newsletter.objects.create(slug="weekly", languages=["en"], from_name="O", from_address="o@example.org")
    reader("alice@example.org", of=weekly)
    bob = reader("bob@example.org", language="ru").subscriber
    ask_to_move(client, chosen)
    for address, kind in (("alice@example.org", Kind.OLD_ADDRESS), ("bob@example.org", Kind.NEW_ADDRESS)):
        client.post(link(letter_to(address, kind)))
    assert Subscriber.objects.get() == bob
    assert {(one.newsletter.slug, one.language) for one in bob.subscriptions.all()} == {
        ("office", "ru"),
        ("weekly", "en"),
    }


def test_a_new_address_is_not_written_to_more_than_once_a_day(client, chosen):
    for _ in range(3):
        ask_to_move(client, chosen)
    assert Letter.objects.filter(kind=Kind.NEW_ADDRESS).count() == 1


def test_what_is_no_address_cannot_be_moved_to(client, chosen):
    assert "пошта не дойдзе" in client.post(link(chosen), {"act": "move", "address": "bob"}).content.decode()
    assert not Change.objects.exists()


def test_a_move_that_is_not_agreed_to_in_three_days_is_off(client, chosen):
    ask_to_move(client, chosen)
    with time_machine.travel(timezone.now() + timedelta(hours=73)):
        moving.forget()
    assert not Change.objects.exists()
