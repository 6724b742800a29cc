"""The whole life of a subscription in a real browser: sign up, confirm, choose, read, leave in one click, be forgotten."""

import re
import urllib.parse
import urllib.request
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import newsroom
import pytest
from django.utils import timezone

from dispatch import vault
from dispatch.audience import leaving, letters, tokens
from dispatch.audience.models import Letter, SignUp, Subscriber, Subscription, Suppression, Wish
from dispatch.delivery import ledger, relays
from dispatch.delivery.mailers.fake import Fake
from dispatch.workers import email, upkeep

pytestmark = pytest.mark.browser
SCREENS = Path(__file__).parents[2] / "artefacts" / "screens"
WORDS = {
    "en": ("Subscribe", "Look in your mailbox", "Yes, subscribe me", "Choose topics and more", "Save", "Saved."),
    "be": ("Падпісацца", "Праверце пошту", "Так, падпісаць мяне", "Выбраць тэмы і іншае", "Захаваць", "Захавана."),
    "ru": ("Подписаться", "Проверьте почту", "Да, подписать меня", "Выбрать темы и другое", "Сохранить", "Сохранено."),
    "ar": ("اشترك", "انظر في بريدك", "نعم، أريد الاشتراك", "اختيار المواضيع وغيرها", "حفظ", "تم الحفظ."),
}


@pytest.fixture
def office(visitor):
    newsroom.newsletter("week", names={"en": "The week", "be": "Тыдзень", "ru": "Неделя"}, cadence="weekly")
    return newsroom.newsletter(
        names={"en": "Office news", "be": "Навіны Офіса", "ru": "Новости Офиса", "ar": "أخبار المكتب"},
        languages=["en", "be", "ru", "ar"],
        topics=["culture", "law", "economy"],
        offers=["each", "daily", "weekly"],
    )


@pytest.fixture
def post(monkeypatch):
    """A relay that keeps what it gets."""
    kept = Fake()
    newsroom.relay()
    monkeypatch.setattr(relays, "open_mailer", lambda _: kept)
    return kept


def newest(post):
    return message_from_bytes(post.taken[-1].whole(), policy=policy.default)


def path_in(text, page):
    return re.search(rf"http://dispatch\.test(/{page}/[a-z2-7]+)", text)[1]


def letter_arrives(post):
    """What workers do between the form and the mailbox."""
    upkeep.take_sign_ups()
    for number in Letter.objects.filter(state="waiting").values_list("pk", flat=True):
        email.send_letter(number)
    return newest(post).get_content()


def sign_up(page, language, address="alice@example.org"):
    page.goto(f"/subscribe/office?lang={language}")
    page.get_by_role("textbox").and_(page.locator("#address")).fill(address)
    page.get_by_role("button", name=WORDS[language][0]).click()


LONG = pytest.mark.long


@pytest.mark.parametrize("language", ["be", *(pytest.param(one, marks=LONG) for one in ("en", "ru", "ar"))])
def test_the_whole_life_of_a_subscription(visitor, page, office, post, language):
    _, look, yes, more, save, saved = WORDS[language]
    visitor.look(f"subscribe-{language}", f"/subscribe/office?lang={language}")
    sign_up(page, language)
    page.get_by_role("heading", name=look).wait_for()  # the page between went on by itself
    visitor.look(f"subscribe-asked-{language}")
    confirm = path_in(letter_arrives(post), "confirm")
    visitor.look(f"confirm-{language}", confirm)
    page.get_by_role("button", name=yes).click()
    page.get_by_role("link", name=more).wait_for()
    visitor.look(f"confirmed-{language}")
    page.get_by_role("link", name=more).click()
    page.locator("#pause").wait_for()
    visitor.look(f"choose-{language}")
    page.locator("input[value=law]").uncheck()
    page.get_by_role("button", name=save).click()
    page.get_by_text(saved).wait_for()
    assert (Subscription.objects.get().language, Subscription.objects.get().topics) == (
        language,
        ["culture", "economy"],
    )
    reads_and_leaves(visitor, office, post)


def reads_and_leaves(visitor, office, post):
    Subscription.objects.update(language="be")  # the story's languages
    send = ledger.enlist(newsroom.edition(office, newsroom.story("en", "be", "ru")).pk)
    for chunk in send.chunks.all():
        email.send_chunk(send.pk, chunk.number)
    mail = newest(post)
    one_click = path_in(mail["List-Unsubscribe"], "leave")
    body = urllib.parse.urlencode({"List-Unsubscribe": "One-Click"}).encode()
    with urllib.request.urlopen(visitor.base + one_click, body) as answer:
        assert (answer.status, answer.read()) == (200, b"")
    assert Subscription.objects.get().state == "left"
    Subscription.objects.update(left_at=timezone.now() - leaving.UNDO - timedelta(minutes=1))
    upkeep.forget_who_left()
    assert [model.objects.count() for model in (Subscriber, Subscription, Letter, Suppression)] == [0, 0, 0, 1]
    assert visitor.context.cookies() == []


def test_a_risky_mailbox_is_named_before_the_button_and_again_after_it(visitor, page, office):
    page.goto("/subscribe/office?lang=be")
    advice = page.locator(".risky")
    page.locator("#address").fill("alice@example.org")
    assert not advice.is_visible()
    page.locator("#address").fill("alice@mail.ru")
    assert advice.is_visible()
    visitor.look("subscribe-risky-be")
    page.get_by_role("button", name="Падпісацца").click()
    page.get_by_role("heading", name="Падумайце").wait_for()
    page.locator("form.proven").wait_for()
    assert not SignUp.objects.exists()
    visitor.look("subscribe-step-risky-be")
    page.get_by_role("button", name="Працягнуць з гэтым").click()
    page.get_by_role("heading", name="Праверце пошту").wait_for()
    assert SignUp.objects.count() == 1


def test_a_typing_error_is_said_beside_what_was_typed(visitor, page, office):
    sign_up(page, "be", "alice")
    page.get_by_role("alert").wait_for()
    assert page.locator("#address").input_value() == "alice"
    visitor.look("subscribe-error-be")


def test_without_scripts_the_button_comes_after_some_seconds(chromium, server, transactional_db, office):
    context = chromium.new_context(base_url=server, java_script_enabled=False)
    page = context.new_page()
    sign_up(page, "ru")
    button = page.get_by_role("button", name="Пришлите мне письмо")
    assert not button.is_visible()
    page.screenshot(path=SCREENS / "subscribe-step-ru-light.png")
    button.click()
    page.get_by_role("heading", name="Проверьте почту").wait_for()
    assert SignUp.objects.count() == 1
    context.close()


def test_a_scanners_browser_that_runs_scripts_changes_nothing(visitor, page, office):
    newsroom.readers(office, be=1)
    reader = Subscription.objects.get()
    token = tokens.token(bytes(reader.handle))
    wanted = {"newsletter": office, "language": "be", "address": "alice@example.org"}
    for kind in Letter.Kind.values:
        letters.write(kind, **wanted, subscriber=reader.subscriber)
    Wish.objects.create(
        address_index=vault.blind_index("alice@example.org"),
        newsletter=office,
        language="be",
        expires_at=timezone.now() + timedelta(hours=1),
    )
    links = [letters.link(one).removeprefix("http://dispatch.test") for one in Letter.objects.all()]
    models = (Subscriber, Subscription, Letter, Wish, SignUp, Suppression)
    before = [list(model.objects.order_by("pk").values()) for model in models]
    for link in (*links, f"/leave/{token}", f"/preferences/{token}"):
        page.goto(link, wait_until="networkidle")
        assert page.get_by_role("button").count() or page.get_by_role("heading", name="больш не дзейнічае").count()
    assert [list(model.objects.order_by("pk").values()) for model in models] == before


def test_the_frame_and_what_preferences_show_to_a_stranger(visitor, page, office):
    visitor.look("subscribe-frame-be", "/subscribe/office/frame?lang=be")
    newsroom.readers(office, be=1)
    visitor.look("preferences", f"/preferences/{tokens.token(Subscription.objects.get().handle)}")
    page.get_by_role("button").click()
    page.get_by_role("heading", name="Праверце пошту").wait_for()
    visitor.look("preferences-mailed")
    visitor.look("link-over", "/confirm/none")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_page_that_mails_a_link(visitor, language):
    newsroom.newsletter(languages=["en", "ar"])
    visitor.look(f"settings-{language}", f"/settings/office?lang={language}")
