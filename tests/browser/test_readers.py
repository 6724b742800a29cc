"""Readers' pages and the door of the newsroom in a real browser: they work without scripts and leave no cookie."""

from pathlib import Path

import newsroom
import pytest
from axes.models import AccessAttempt

from dispatch.accounts import adapter, signing_in
from dispatch.audience import tokens
from dispatch.audience.models import Letter, Subscription

SCREENS = Path(__file__).parents[2] / "artefacts" / "screens"
pytestmark = pytest.mark.browser


def keep(page, name):
    """A picture of what a POST answered; a page to be opened is looked at by visitor.look."""
    page.screenshot(path=SCREENS / f"{name}-light.png", animations="disabled")


@pytest.fixture
def charlie(visitor):
    """A reader of Belarusian."""
    office = newsroom.newsletter(names={"en": "Office news", "be": "Навіны Офіса", "ru": "Новости Офиса"})
    newsroom.readers(office, be=1)
    return Subscription.objects.get()


@pytest.fixture
def token(charlie):
    return tokens.token(charlie.handle)


def test_a_reader_leaves_comes_back_by_a_letter_and_is_given_no_cookie(visitor, charlie, token, page):
    page.goto(f"/leave/{token}")
    page.get_by_role("button", name="Адпісацца").click()
    page.get_by_text("Лісты гэтай рассылкі больш не прыйдуць").wait_for()
    assert Subscription.objects.get().state == "left"
    page.get_by_role("button", name="Даслаць спасылку").click()
    page.get_by_text("Праверце пошту").wait_for()
    page.goto(f"/choose/{tokens.token(Letter.objects.get().handle)}")
    page.get_by_label("Навіны Офіса").check()
    page.get_by_role("button", name="Захаваць").click()
    page.get_by_text("Захавана").wait_for()
    assert Subscription.objects.get().state == "active"
    assert visitor.context.cookies() == []


@pytest.mark.parametrize("language", ["ar", "be", "en", "ru", "uk"])
def test_leaving(visitor, token, language):
    visitor.look(f"leave-{language}", f"/leave/{token}?lang={language}")


def test_preferences(visitor, token):
    visitor.look("preferences", f"/preferences/{token}")


def test_what_a_post_answers_can_be_read_too(visitor, charlie, token, page):
    page.goto(f"/leave/{token}")
    page.get_by_role("button").click()
    page.get_by_text("Гатова").wait_for()
    keep(page, "left")
    assert visitor.violations() == []


def test_a_sign_in_link_and_one_that_is_old(visitor):
    visitor.look("sign-in-link", signing_in.link(newsroom.person()))
    visitor.look("sign-in-link-old", "/account/link/none")


def test_a_locked_account(visitor, page):
    tried = adapter.tried_account(None, {"email": "alice@example.org"})
    AccessAttempt.objects.create(username=tried, ip_address="0.0.0.0", failures_since_start=10)
    page.goto("/account/login/")
    page.get_by_label("Address").fill("alice@example.org")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("It is locked for an hour").wait_for()
    keep(page, "sign-in-locked")
    assert visitor.violations() == []
