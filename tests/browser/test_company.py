"""Two people have one edition open: each is told of the other, as long as they are there."""

from datetime import time

import newsroom
import pytest

from dispatch.editions import planning
from dispatch.editions.models import Edition

pytestmark = [pytest.mark.browser, pytest.mark.long]
WARNED = "What one of you changes, the other sees when the page is loaded again."


@pytest.fixture
def digest(visitor):
    """A daily digest that gathers one story."""
    newsroom.newsletter(languages=["en"], cadence="daily", at=time(8), zone="Europe/Vilnius")
    planning.plan(newsroom.story("en").articles.get())
    return Edition.objects.get()


@pytest.fixture
def bobs(chromium, server, a_visitor, digest):
    """Bob's browser, signed in, nowhere in particular."""
    one = a_visitor(chromium, server)
    one.sign_in(newsroom.person(role="editor", name="Bob"))
    yield one
    one.leave()


def company(page):
    return page.locator("[data-company]")


def test_each_is_told_of_the_other_and_again_when_they_are_alone(alice, visitor, page, bobs, digest):
    path = f"/editions/{digest.pk}"
    page.goto(path)
    assert company(page).is_hidden()
    with bobs.page.expect_response("**/here"):
        bobs.page.goto(path)
    company(bobs.page).get_by_text("Also open at Alice.").wait_for()
    company(page).get_by_text(f"Also open at Bob. {WARNED}").wait_for()
    visitor.look("edition-company")
    bobs.page.goto("about:blank")
    company(page).wait_for(state="hidden")


def test_a_page_that_comes_back_from_offline_says_it_again(alice, visitor, page, bobs, digest):
    page.goto(f"/editions/{digest.pk}")
    visitor.context.set_offline(True)
    with bobs.page.expect_response("**/here"):
        bobs.page.goto(f"/editions/{digest.pk}")
    assert company(page).is_hidden()
    visitor.context.set_offline(False)
    company(page).get_by_text("Also open at Bob.").wait_for()
    visitor.complaints.clear()  # the browser's own words about the missing connection
