"""Leaving: a scanner's GET changes nothing, one click is enough, a day to undo it, then the person is forgotten."""

import json
import secrets
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from dispatch import templating
from dispatch.audience import leaving, letters, tokens, wording
from dispatch.audience.models import Letter, Subscriber, Subscription, Suppression
from dispatch.workers import upkeep

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(reader):
    return reader("alice@example.org", language="be")


@pytest.fixture
def link(alice):
    return f"/leave/{tokens.token(alice.handle)}"


def state(subscription):
    subscription.refresh_from_db()
    return subscription.state


def test_opening_the_link_changes_nothing_and_speaks_the_readers_language(client, alice, link):
    page = client.get(link)
    assert page.status_code == 200
    assert "Адпісацца" in page.content.decode()
    assert "Навіны Офіса" in page.content.decode()
    assert client.head(link).status_code == 200
    assert state(alice) == "active"


def test_one_click_leaves_without_cookie_redirect_or_token_of_ours(client, alice, link):
    done = client.post(link, {"List-Unsubscribe": "One-Click"})
    assert (done.status_code, done.content) == (200, b"")
    assert not done.cookies
    assert state(alice) == "left"
    assert client.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200


def test_one_click_may_come_as_a_multipart_form(client, alice, link):
    body = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    assert client.post(link, body, content_type="multipart/form-data; boundary=x").content == b""
    assert state(alice) == "left"


def test_the_button_leaves_and_the_page_offers_to_undo(client, alice, link):
    page = client.post(link, {"act": "leave"})
    assert "Даслаць спасылку" in page.content.decode()
    assert state(alice) == "left"


def test_undoing_takes_a_letter_to_the_readers_own_mailbox(client, alice, link):
    leaving.leave(alice)
    assert "Праверце пошту" in client.post(link, {"act": "undo"}).content.decode()
    assert state(alice) == "left"
    letter = Letter.objects.get()
    assert (letters.address(letter), letter.kind) == ("alice@example.org", "preferences")
    client.post(f"/choose/{tokens.token(letter.handle)}", {"act": "save", f"on-{alice.newsletter_id}": "on"})
    assert state(alice) == "active"


def test_a_token_that_is_none_gets_the_same_pages(client, newsletter):
    nobody = f"/leave/{'a' * 26}"
    assert client.get(nobody).status_code == 200
    assert client.post(nobody, {"List-Unsubscribe": "One-Click"}).content == b""
    assert client.post(nobody, {"act": "leave"}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "language"), [("", "be"), ("?lang=ru", "ru"), ("?lang=uk", "uk"), ("?lang=../x", "be")]
)
def test_a_page_speaks_the_subscriptions_language_or_the_one_asked_for(client, link, asked, language):
    page = client.get(link + asked, headers={"accept-language": "en"})
    assert f'lang="{language}" dir="ltr"' in page.content.decode()


@pytest.mark.parametrize(
    ("accepts", "language"), [("ru,en;q=0.5", "ru"), ("uk", "uk"), ("de", "en"), ("xx", "en"), ("", "en")]
)
def test_a_page_for_nobody_speaks_the_browsers_language_where_it_can(client, newsletter, accepts, language):
    page = client.get(f"/leave/{'a' * 26}", headers={"accept-language": accepts})
    assert f'<html lang="{language}"' in page.content.decode()


def test_a_right_to_left_language_is_written_from_the_right(client, settings, tmp_path, alice, link):
    words = tmp_path / "web" / "audience" / "words" / "ar.json"
    words.parent.mkdir(parents=True)
    words.write_text('{"leave_title": "إلغاء الاشتراك"}', encoding="utf-8")
    settings.DISPATCH_TEMPLATES = str(tmp_path)
    wording.words.cache_clear()
    page = client.get(f"{link}?lang=ar").content.decode()
    wording.words.cache_clear()
    assert '<html lang="ar" dir="rtl">' in page
    assert "إلغاء الاشتراك" in page


def test_pages_load_nothing_from_elsewhere_and_are_not_indexed(client, link):
    for page in (client.get(link), client.get(link.replace("leave", "preferences"))):
        assert page["Referrer-Policy"] == "no-referrer"
        assert "noindex" in page["X-Robots-Tag"]
        assert "http" not in page.content.decode()
        assert not page.cookies
        assert "alice" not in page.content.decode()


def test_a_day_after_leaving_nothing_is_left_but_a_tombstone(alice):
    leaving.leave(alice)
    assert leaving.forget_who_left() == 0
    Subscription.objects.update(left_at=timezone.now() - timedelta(hours=25))
    assert leaving.forget_who_left() == 1
    assert not Subscriber.objects.exists()
    assert Suppression.objects.get().reason == "erased"
    assert leaving.forget_who_left() == 0


@pytest.mark.django_db(transaction=True)
def test_nobody_is_erased_while_an_import_runs(alice):
    leaving.leave(alice)
    Subscription.objects.update(left_at=timezone.now() - timedelta(hours=25))
    with transaction.atomic():
        leaving.hold_the_door()
        erased = []
        thread = threading.Thread(target=lambda: (erased.append(leaving.forget_who_left()), connection.close()))
        thread.start()
        thread.join()
    assert erased == [0]
    assert leaving.forget_who_left() == 1


def test_the_clock_rings_for_who_left_and_a_worker_erases(alice):
    leaving.leave(alice)
    Subscription.objects.update(left_at=timezone.now() - timedelta(hours=25))
    upkeep.forget_who_left()
    assert not Subscriber.objects.exists()


def test_who_still_reads_another_newsletter_is_not_forgotten(alice, newsletter):
    other = type(newsletter).objects.create(slug="other", from_name="O", from_address="o@example.org")
    Subscription.objects.create(
        subscriber=alice.subscriber,
        newsletter=other,
        language="en",
        handle=secrets.token_bytes(8),
        consented_at=timezone.now(),
    )
    leaving.leave(alice)
    Subscription.objects.filter(pk=alice.pk).update(left_at=timezone.now() - timedelta(hours=25))
    assert leaving.forget_who_left() == 0
    assert Subscription.objects.get(newsletter=other).state == "active"
    assert state(alice) == "left"  # kept, so that an old list does not bring them back


def test_who_gets_mail_in_a_language_leaves_in_it():
    mails, pages = (
        {path.stem for path in (templating.SHIPPED / folder / "words").glob("*.json")}
        for folder in ("email", "web/audience")
    )
    assert mails == pages


@pytest.mark.parametrize("language", ["ar", "be", "ru", "uk"])
def test_every_word_of_a_readers_page_is_there(language):
    folder = templating.SHIPPED / "web" / "audience" / "words"
    assert (
        json.loads((folder / f"{language}.json").read_text()).keys()
        == json.loads((folder / "en.json").read_text()).keys()
    )
