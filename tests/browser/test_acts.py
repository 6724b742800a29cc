"""What a person does at a page: by keyboard alone, by day and by night, by their own clock, and while mail goes out."""

import re

import newsroom
import pytest

from dispatch.accounts.models import AuditEntry
from dispatch.delivery import closing, sending
from dispatch.delivery.models import Chunk

pytestmark = pytest.mark.browser


@pytest.fixture
def send(visitor, settings, monkeypatch):
    """An edition to forty readers, in chunks of ten of which nothing has left."""
    settings.DELIVERY = {**settings.DELIVERY, "chunk": 10, "window": 5}
    monkeypatch.setattr(sending, "TURN", 0.0)  # one chunk each time
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=40)
    newsroom.relay()
    return newsroom.send(office, newsroom.story("en"))


@pytest.fixture
def opened(alice, send, page):
    """Its page, which is never loaded again: `was_loaded` would be gone."""
    page.goto(f"/editions/{send.edition_id}")
    page.evaluate("window.was_loaded = true")
    yield page
    assert page.evaluate("window.was_loaded")


def accepted(page, count):
    return page.locator(".figures li").filter(has_text=re.compile(rf"^\s*{count}\s+accepted"))


def leave(send, *numbers):
    for number in numbers:
        sending.send_chunk(send.pk, number)


def test_progress_moves_while_mail_goes_and_ends_by_itself(opened, send):
    first, *others = Chunk.objects.filter(send=send).order_by("number").values_list("number", flat=True)
    leave(send, first)
    accepted(opened, 10).wait_for()
    leave(send, *others[:-1])
    opened.get_by_text(" a second, ").wait_for()
    leave(send, others[-1])
    closing.close(send)
    opened.locator(".lead .state.good", has_text="finished").wait_for()
    accepted(opened, 40).wait_for()
    assert opened.get_by_role("progressbar").count() == 0


def test_a_send_is_paused_by_keyboard_alone(alice, send, page):
    page.goto(f"/editions/{send.edition_id}")
    summary = page.locator("summary", has_text="Pause")
    for _ in range(30):
        page.keyboard.press("Tab")
        if summary.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.get_by_label("Why?").and_(page.locator(":focus")).wait_for()
    page.keyboard.type("The wrong photo")
    page.keyboard.press("Enter")
    page.get_by_text("Paused. ").wait_for()
    assert AuditEntry.objects.get(act="send.pause").reason == "The wrong photo"


def test_escape_closes_an_act_and_gives_the_focus_back(opened):
    opened.locator("summary", has_text="Cancel").click()
    assert opened.get_by_text("This cannot be undone").is_visible()
    opened.keyboard.press("Escape")
    assert not opened.get_by_text("This cannot be undone").is_visible()
    assert opened.evaluate("document.activeElement.textContent") == "Cancel"


def test_an_act_that_is_opened_while_the_page_is_asked_for_anew_stays_open(opened):
    asked = []
    opened.route("**/editions/*", lambda route: asked.append(route))  # noqa: PLW0108 - it is asked for its signature
    opened.evaluate("document.querySelectorAll('[data-topic]').forEach((part) => htmx.trigger(part, 'renew'))")
    while not asked:
        opened.wait_for_timeout(20)
    opened.locator("summary", has_text="Cancel").click()
    with opened.expect_response("**/editions/*"):
        for route in asked:
            route.continue_()
    opened.unroute_all(behavior="wait")
    opened.wait_for_timeout(200)
    assert opened.get_by_text("This cannot be undone").is_visible()


def test_one_act_is_open_at_a_time(opened):
    opened.locator("summary", has_text="Pause").click()
    opened.locator("summary", has_text="Cancel").click()
    opened.get_by_text("This cannot be undone").wait_for()
    assert opened.locator("details.act[open]").count() == 1


def test_a_reason_that_was_begun_is_not_lost_by_a_click_beside_it(opened):
    opened.locator("summary", has_text="Pause").click()
    opened.get_by_role("heading", name="How it looks").click()
    assert opened.locator("details.act[open]").count() == 0
    opened.locator("summary", has_text="Pause").click()
    opened.get_by_label("Why?").and_(opened.locator(":focus")).fill("The wrong")
    opened.get_by_role("heading", name="How it looks").click()
    assert opened.locator("details.act[open]").count() == 1


@pytest.fixture
def preview_of(alice, send, page):
    """The mail as the edition's page shows it, on a device of one light or the other."""

    def look(show, device):
        page.emulate_media(color_scheme=device)
        page.goto(f"/editions/{send.edition_id}?show={show}")
        return page.frame_locator(".frame iframe")

    return look


@pytest.mark.parametrize("device", ["light", "dark"])
@pytest.mark.parametrize(("show", "is_dark"), [("desktop", False), ("phone", False), ("dark", True)])
def test_a_preview_shows_the_light_that_is_asked_for_whatever_the_desks_own(preview_of, device, show, is_dark):
    frame = preview_of(show, device)
    frame.get_by_role("heading").first.wait_for()
    paper, ink = (
        frame.locator(where).first.evaluate(f"element => getComputedStyle(element).{what}")
        for where, what in (("body", "backgroundColor"), ("h1 a", "color"))
    )
    assert (brightness(paper) < 60) is is_dark
    assert (brightness(ink) > 200) is is_dark


def brightness(colour):
    """Of "rgb(22, 21, 19)", from 0 to 255."""
    red, green, blue = (int(part) for part in colour.removeprefix("rgb(").rstrip(")").split(","))
    return (red + green + blue) / 3


def test_who_lives_by_another_clock_sees_theirs_beside_what_is_planned(chromium, server, alice, send, visitor):
    there = chromium.new_context(
        base_url=server, storage_state=visitor.context.storage_state(), timezone_id="Asia/Tokyo"
    )
    away = there.new_page()
    away.goto(f"/editions/{send.edition_id}")
    away.locator(".lead .yours", has_text="for you").wait_for()
    assert away.get_by_text("Times are those of Europe/Vilnius").is_visible()
    there.close()


def test_who_lives_by_the_newsrooms_clock_is_told_nothing_twice(chromium, server, alice, send, visitor):
    there = chromium.new_context(
        base_url=server, storage_state=visitor.context.storage_state(), timezone_id="Europe/Vilnius"
    )
    home = there.new_page()
    home.goto("/")
    home.locator("time[data-told]").first.wait_for()
    assert home.locator(".yours").count() == 0
    there.close()
