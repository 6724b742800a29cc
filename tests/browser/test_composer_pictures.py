"""Pictures in the composer by hand: dropped, pasted, brought, put in order; and leaving it with what is not saved yet."""

import base64
import io
import time
from datetime import timedelta

import newsroom
import pytest
import serving
from django.utils import timezone
from PIL import Image

from dispatch.articles.models import Revision
from dispatch.social import illustrating, media
from dispatch.social.models import PostMedia

pytestmark = [pytest.mark.browser, pytest.mark.long]
HAND = """(form, [kind, content, event]) => {
    const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
    const carried = new DataTransfer();
    carried.items.add(new File([bytes], "river.png", { type: kind }));
    const about = { bubbles: true, cancelable: true };
    const given = event === "paste" ? { clipboardData: carried } : { dataTransfer: carried };
    form.dispatchEvent(new (event === "paste" ? ClipboardEvent : DragEvent)(event, { ...about, ...given }));
}"""


@pytest.fixture
def story(visitor):
    return newsroom.story("en")


@pytest.fixture
def post(story):
    on = newsroom.channel("quiet", "fake", account="@office")
    return newsroom.post(on=on, about=story, state="scheduled", due_at=timezone.now() + timedelta(days=1))


@pytest.fixture
def opened(alice, post, page):
    page.goto(f"/stories/{post.story_id}/compose?post={post.pk}")
    page.locator("html.js").wait_for()
    return page


def painted(color="navy", width=600, height=900):
    """A face of one colour, with a bright bar across its upper quarter."""
    out = io.BytesIO()
    picture = Image.new("RGB", (width, height), color)
    picture.paste("gold", (0, height // 5, width, height // 4))
    picture.save(out, "PNG")
    return out.getvalue()


def hand(page, event):
    content = base64.b64encode(painted()).decode()
    page.locator("form[data-writes]").evaluate(HAND, ["image/png", content, event])


def until(page, holds):
    """At most two minutes, so that what never comes says so."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not within two minutes: {said(page)}")


def text_of(page):
    return page.get_by_role("textbox", name="Text", exact=True).first


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_picture_is_taken_where_it_is_dropped_or_pasted(opened, post, event):
    hand(opened, event)
    opened.locator(".picture").wait_for()
    assert PostMedia.objects.get().post_id == post.pk


def test_a_file_that_is_no_picture_is_left_to_the_browser(opened):
    """What Dispatch does not take it does not swallow either: the page stays as it is, and so does a pasted text."""
    was_taken = opened.locator("form[data-writes]").evaluate(
        """form => {
            const carried = new DataTransfer();
            carried.items.add(new File(["words"], "words.txt", { type: "text/plain" }));
            const about = { bubbles: true, cancelable: true, clipboardData: carried };
            return !form.dispatchEvent(new ClipboardEvent("paste", about));
        }"""
    )
    assert was_taken is False
    assert opened.locator(".picture").count() == 0


def test_the_form_shows_where_a_file_may_be_let_go(opened):
    hand(opened, "dragover")
    opened.locator(".pictures.dropping").wait_for()
    hand(opened, "drop")
    opened.locator(".picture").wait_for()
    assert opened.locator(".pictures.dropping").count() == 0


def test_a_picture_dropped_without_a_connection_is_taken_when_there_is_one(opened, visitor, post):
    opened.route("**/write", lambda route: route.abort())
    hand(opened, "drop")
    opened.get_by_text("Not saved: no connection").wait_for()
    opened.unroute_all(behavior="wait")
    opened.locator(".picture").wait_for()
    assert PostMedia.objects.get().post_id == post.pk
    visitor.complaints.clear()  # the browser's own words about the lost connection


def test_the_articles_picture_is_brought_with_what_is_said_of_it(alice, post, page, monkeypatch):
    Revision.objects.update(picture_url="https://office.example.org/river.png", picture_alt="The river at noon")
    monkeypatch.setattr(media, "bring", lambda _: media.take(painted()))
    illustrating.of_article(post.story.articles.get())  # as the story's page has it: fetched once, and kept
    page.goto(f"/stories/{post.story_id}/compose?post={post.pk}")
    page.locator("html.js").wait_for()
    page.get_by_role("button", name="Bring the article’s picture").click()
    page.locator(".picture").wait_for()
    assert page.get_by_label("What it shows").input_value() == "The river at noon"
    assert PostMedia.objects.get().alt == "The river at noon"


@pytest.fixture
def three(opened, post):
    """The composer with three pictures in a row, each of its own height."""
    for color, alt, height in (("navy", "First", 900), ("maroon", "Second", 300), ("olive", "Third", 600)):
        illustrating.add(post, media.take(painted(color, height=height)), alt)
    opened.set_viewport_size({"width": 1200, "height": 2400})  # a pointer that left the window would say nothing
    opened.reload()
    opened.locator("html.js").wait_for()
    opened.locator(".picture").nth(2).wait_for()
    serving.until(opened, "[...document.querySelectorAll('.picture img')].every((one) => one.complete)")
    return opened


def said(page):
    return [one.input_value() for one in page.locator(".picture textarea").all()]


def grab(page, place):
    """Take a picture by its handle."""
    grip = page.locator(".picture").nth(place).locator(".grip")
    grip.scroll_into_view_if_needed()
    page.mouse.move(*middle(grip))
    page.mouse.down()


def middle(element, share=0.5):
    box = element.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] * share


def over(page, alt, share):
    """Move the pointer to a share of the height of the picture that shows this."""
    (place,) = [place for place, one in enumerate(said(page)) if one == alt]
    x, y = middle(page.locator(".picture").nth(place), share)
    page.mouse.move(x, y, steps=4)
    page.mouse.move(x + 1, y)  # Chromium says dragenter upon the first move, dragover upon the next


def let_go(page):
    page.wait_for_timeout(200)
    page.mouse.move(*middle(page.locator(".picture.dragged")))  # a drop is taken where the last dragover was
    with page.expect_response("**/write") as saving:
        page.mouse.up()
    assert saving.value.status == 200


def kept(post):
    return [one.alt for one in PostMedia.objects.filter(post=post).order_by("position")]


@pytest.mark.parametrize(
    ("taken", "to", "order"),
    [
        (2, ("First", 0.2), ["Third", "First", "Second"]),
        (2, ("Second", 0.2), ["First", "Third", "Second"]),
        (0, ("Third", 0.8), ["Second", "Third", "First"]),
        (0, ("Second", 0.8), ["Second", "First", "Third"]),
    ],
)
def test_pictures_are_put_in_order_by_dragging_and_stay_so(three, post, taken, to, order):
    grab(three, taken)
    over(three, *to)
    until(three, lambda: said(three) == order)
    let_go(three)
    assert kept(post) == order
    three.reload()
    assert said(three) == order


def test_the_order_does_not_flicker_while_the_pointer_rests(three):
    """A low picture dragged over a tall one, whose box moves away beneath the pointer."""
    grab(three, 1)
    over(three, "First", 0.3)
    until(three, lambda: said(three) == ["Second", "First", "Third"])
    moved = three.evaluate_handle(
        """() => {
            const seen = { times: 0 };
            new MutationObserver(() => seen.times++).observe(document.querySelector(".pictures ul"), { childList: true });
            return seen;
        }"""
    )
    x, y = middle(three.locator(".picture").nth(1), 0.25)
    for _ in range(10):
        three.mouse.move(x, y)
        three.mouse.move(x + 1, y)
    assert moved.evaluate("seen => seen.times") == 0
    let_go(three)


def test_a_picture_let_go_elsewhere_is_back_where_it_was(three, post):
    grab(three, 2)
    over(three, "First", 0.2)
    until(three, lambda: said(three)[0] == "Third")
    x, y = middle(three.get_by_role("heading", level=1))
    three.mouse.move(x, y, steps=4)
    three.mouse.move(x + 1, y)
    three.mouse.up()
    until(three, lambda: said(three) == ["First", "Second", "Third"])
    assert kept(post) == ["First", "Second", "Third"]


def test_who_leaves_by_a_link_leaves_when_all_is_saved(opened, post):
    text_of(opened).fill("Typed and gone")
    opened.get_by_role("link", name="The story", exact=True).click()
    opened.wait_for_url(f"**/stories/{post.story_id}")
    post.refresh_from_db()
    assert post.text == "Typed and gone"


def test_who_closes_the_page_before_it_could_be_saved_is_asked_first(opened, visitor):
    asked = []
    opened.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    text_of(opened).click()
    opened.keyboard.type("Kept")
    visitor.context.set_offline(True)
    opened.keyboard.type(" here")
    opened.get_by_text("Not saved: no connection").wait_for()
    opened.evaluate("setTimeout(() => window.location.reload())")
    while not asked:
        opened.wait_for_timeout(50)
    assert asked == ["beforeunload"]
    assert "Kept here" in text_of(opened).input_value()
    visitor.context.set_offline(False)
    opened.locator("[data-saved]", has_text="Saved").first.wait_for(timeout=90_000)
    visitor.complaints.clear()  # the browser's own words about the missing connection
