"""An editor and a digest before it leaves: stories moved by hand and by keys, words typed and seen, a test that arrives."""

import queue as standard
from datetime import timedelta
from email import message_from_bytes, policy

import newsroom
import ports
import pytest
from aiosmtpd.controller import Controller
from django.utils import timezone

from dispatch import queue
from dispatch.delivery import relays, trials
from dispatch.delivery.models import Trial
from dispatch.editions import arranging, phrasing, planning
from dispatch.editions.models import Edition

pytestmark = pytest.mark.browser
TITLES = ("A reading room opens beside the river", "The bridge is closed until spring", "The mill has new owners")


@pytest.fixture
def edition(visitor, monkeypatch):
    """A digest of three stories in two languages, that leaves in two hours."""
    monkeypatch.setattr(queue, "enqueue", lambda *_: None)
    newsroom.newsletter("daily", names={"en": "The day", "be": "Дзень"}, cadence="daily", languages=["en", "be"])
    for age, title in enumerate(TITLES):
        spoken = ["en"] if age % 2 else ["en", "be"]
        told, at = newsroom.TITLES | {"en": title}, timezone.now() - timedelta(minutes=age)
        for article in newsroom.story(*spoken, titles=told, published_at=at).articles.all():
            planning.plan(article)
    Edition.objects.update(due_at=timezone.now() + timedelta(hours=2))
    return Edition.objects.get()


@pytest.fixture
def opened(alice, edition, page):
    page.goto(f"/editions/{edition.pk}")
    return page


def shown(page):
    return page.locator(".arrange .headline").all_inner_texts()


def kept(edition):
    return [row.story.articles.get(language="en").current.title for row in arranging.placed(edition)]


def test_a_story_is_dragged_to_its_place(opened, edition):
    rows = opened.locator(".arrange > li")
    with opened.expect_response("**/order"):
        rows.nth(2).drag_to(rows.nth(0), target_position={"x": 200, "y": 4})
    assert shown(opened) == kept(edition) == [TITLES[2], TITLES[0], TITLES[1]]
    opened.get_by_text(f"{TITLES[2]}: now number 1 of 3.").wait_for(state="attached")


def test_a_story_is_moved_by_keyboard_and_keeps_the_focus(opened, edition):
    down = opened.get_by_role("button", name=f"Move down: {TITLES[0]}")
    down.focus()
    for _ in range(2):
        with opened.expect_response("**/order"):
            opened.keyboard.press("Enter")
    assert shown(opened) == kept(edition) == [TITLES[1], TITLES[2], TITLES[0]]
    assert opened.evaluate("document.activeElement.value") == "up"
    with opened.expect_response("**/order"):
        opened.get_by_role("button", name=f"Lead with {TITLES[2]}").press("Enter")
    assert kept(edition)[0] == TITLES[2]


def test_an_intro_is_saved_while_one_types_and_seen_in_the_letter(opened, edition):
    form = opened.locator("#words-en")
    form.get_by_label("Intro").fill("Good *morning*, readers!")
    form.get_by_text("Saved.").wait_for()
    form.get_by_label("Subject").fill("Rivers and bridges")
    opened.locator(".inboxes b", has_text="Rivers and bridges").first.wait_for()
    frame = opened.frame_locator("#preview iframe")
    frame.get_by_text("Good morning, readers!").wait_for()
    assert phrasing.of(edition, "en") == phrasing.Said("Rivers and bridges", "", "Good *morning*, readers!", "")


def test_two_editors_at_once_lose_nothing(opened, edition):
    phrasing.save(edition.pk, "en", phrasing.Said("Bob's words"), 0, newsroom.person("editor", "Bob"))
    form = opened.locator("#words-en")
    form.get_by_label("Subject").fill("Alice's words")
    form.get_by_text("Bob saved other words meanwhile.").wait_for()
    form.get_by_role("button", name="Save").click()
    opened.get_by_role("heading", name="Two versions of the words in en").wait_for()
    assert opened.get_by_text("Bob's words").is_visible()
    opened.get_by_role("button", name="Save yours instead").click()
    opened.wait_for_url(f"**/editions/{edition.pk}#words-en")
    assert phrasing.of(edition, "en").subject == "Alice's words"


def test_what_is_in_the_way_is_listed_before_it_leaves(opened, edition):
    story = edition.stories.order_by("pk").first().story
    one = story.articles.get(language="en").current
    one.html = '<p><img src="https://img.example.org/1.jpg"></p><p>' + "word " * 25_000 + "</p>"
    one.save()
    edition.stories.exclude(story=story).delete()
    opened.reload()
    listed = opened.locator("#preflight")
    assert listed.locator("li", has_text="The letter in en is too large").locator(".state.bad").is_visible()
    assert listed.locator("li", has_text="A picture has no words").locator(".state.unsure").is_visible()
    opened.locator("summary", has_text="Send now").click()
    assert opened.get_by_label("It leaves all the same").is_visible()


class Sink:
    """Keeps what arrives."""

    def __init__(self):
        self.arrived = standard.Queue()

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        self.arrived.put((envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 taken"


@pytest.fixture
def sink():
    handler, port = Sink(), ports.free()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    relays.save("sink", f"smtp://127.0.0.1:{port}?security=none")
    yield handler.arrived
    controller.stop()


def test_a_test_letter_arrives_and_its_outcome_comes_to_the_page(opened, edition, sink):
    opened.locator("#tests").get_by_label("Language").select_option("en")
    opened.get_by_role("button", name="Send a test").click()
    opened.get_by_text("1 test letter on the way").wait_for()
    trials.send(Trial.objects.get().pk)
    recipients, content = sink.get(timeout=30)
    assert recipients == ["alice@example.org"]
    assert message_from_bytes(content, policy=policy.default)["Subject"].startswith("[Test] The day: ")
    opened.locator("#trials .state.good", has_text="accepted").wait_for()


def test_how_an_edition_looks_before_it_leaves(opened, visitor, edition):
    phrasing.save(
        edition.pk, "en", phrasing.Said("Rivers, bridges, mills", "", "Good *morning*!\n\n- one\n- two"), 0, None
    )
    visitor.look("edition-gathering", f"/editions/{edition.pk}?find=r")
    visitor.look("edition-beside", f"/editions/{edition.pk}?show=all")


def test_how_newsletters_look_and_an_operator_changes_the_hour(opened, visitor, edition):
    visitor.look("newsletters", "/newsletters/")
    opened.get_by_role("link", name="The day", exact=True).click()
    opened.get_by_label("Hour of a digest").fill("07:15")
    opened.get_by_label("Why?").fill("commuters")
    opened.get_by_role("button", name="Change the rules").click()
    opened.get_by_text("Changed: hour.").wait_for()
    visitor.look("newsletter", "/newsletters/daily")
