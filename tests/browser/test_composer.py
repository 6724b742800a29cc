"""The composer in a browser: typing is counted, drawn and saved; two at once lose nothing; threads, pictures, a phone."""

import io
import re
from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone
from PIL import Image

from dispatch.social.models import Post, PostMedia

pytestmark = pytest.mark.browser
LONG = "A sentence about the bridge, the road and the river. " * 30


@pytest.fixture
def story(visitor):
    return newsroom.story("en", "be")


@pytest.fixture
def post(story):
    on = newsroom.channel("quiet", "fake", account="@office")
    return newsroom.post(on=on, about=story, state="scheduled", due_at=timezone.now() + timedelta(days=1))


@pytest.fixture
def opened(alice, post, page):
    page.goto(f"/stories/{post.story_id}/compose?post={post.pk}")
    page.locator("html.js").wait_for()
    return page


@pytest.fixture
def bobs(chromium, server, a_visitor, opened, post):
    """The same page, as Bob has it open."""
    one = a_visitor(chromium, server)
    one.sign_in(newsroom.person(role="editor", name="Bob"))
    one.page.goto(f"/stories/{post.story_id}/compose?post={post.pk}")
    one.page.locator("html.js").wait_for()
    yield one.page
    one.leave()


def text_of(page, which=0):
    return page.get_by_role("textbox", name="Text", exact=True).nth(which)


def saved(page):
    page.locator("[data-saved]", has_text=re.compile(r"^Saved")).first.wait_for()


def until(page, holds):
    while not holds():
        page.wait_for_timeout(50)


def says(post):
    post.refresh_from_db()
    return post.text


def cropped_at(page):
    return page.locator(".grid img").evaluate("image => image.style.objectPosition")


def painted(width=600, height=900):
    out = io.BytesIO()
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    Image.merge("RGB", (across, down, across)).save(out, "PNG")
    return {"name": "river.png", "mimeType": "image/png", "buffer": out.getvalue()}


def test_what_is_typed_is_counted_drawn_and_saved_by_itself(opened, post):
    text_of(opened).fill("Come and see it #river https://office.example.org/en/1")
    opened.get_by_text("54 / 500 characters").wait_for()
    opened.locator(".drawn", has_text="Come and see it").wait_for()
    saved(opened)
    assert says(post).startswith("Come and see it #river")
    text_of(opened).fill("y" * 503)
    opened.get_by_text("3 too many").wait_for()
    assert opened.locator(".drawn mark").inner_text() == "yyy"
    opened.get_by_role("navigation", name="Channels").get_by_text("1 problem").wait_for()


def test_of_two_at_once_each_sees_the_other_and_nobody_is_overwritten(opened, bobs, post):
    bobs.get_by_text("Also open at Alice").wait_for()
    text_of(opened).fill("Alice's text")
    saved(opened)
    text_of(bobs).fill("Bob's text")
    bobs.get_by_text("Alice saved another text meanwhile").wait_for()
    assert says(post) == "Alice's text"
    bobs.get_by_text("Look at both").click()
    assert bobs.locator(".both .words").all_inner_texts() == ["Alice's text", "Bob's text"]
    bobs.get_by_role("button", name="Keep mine").click()
    saved(bobs)
    assert says(post) == "Bob's text"
    opened.get_by_text("Also open at Bob").wait_for()


def test_who_typed_nothing_since_sees_what_the_other_wrote(opened, bobs, post):
    text_of(bobs).fill("Bob's text")
    saved(bobs)
    until(opened, lambda: text_of(opened).input_value() == "Bob's text")


def test_who_comes_second_may_take_what_is_there(opened, post):
    Post.objects.update(text="Bob's text", version=2)
    text_of(opened).fill("Alice's text")
    opened.get_by_role("link", name="Take theirs").click()
    until(opened, lambda: text_of(opened).input_value() == "Bob's text")
    assert says(post) == "Bob's text"


def test_what_went_out_meanwhile_is_read_only_and_keeps_what_was_typed(opened, post):
    opened.route("**/write", lambda route: (Post.objects.update(state="claimed"), route.continue_()))
    text_of(opened).fill("Too late")
    kept = r"It is being posted now\. What you typed (was not saved|last stays here to be copied)\."
    opened.get_by_text(re.compile(kept)).first.wait_for()  # by the save, or by the page's own look a moment before it
    assert text_of(opened).input_value() == "Too late"
    assert text_of(opened).get_attribute("readonly") is not None


def test_without_a_connection_nothing_is_lost(opened, visitor, post):
    opened.route("**/write", lambda route: route.abort())
    text_of(opened).fill("Written on a train")
    opened.get_by_text("Not saved: no connection").wait_for()
    opened.unroute_all(behavior="wait")
    saved(opened)
    assert says(post) == "Written on a train"
    visitor.complaints.clear()  # the browser's own words about the lost connection


def test_who_is_signed_out_keeps_the_text_and_saves_it_after_signing_in_elsewhere(opened, visitor, alice, post):
    visitor.context.clear_cookies(name="sessionid")
    text_of(opened).fill("Written for too long")
    opened.get_by_text("Not saved: you are signed out").wait_for()
    assert text_of(opened).input_value() == "Written for too long"
    elsewhere = visitor.context.new_page()
    from dispatch.accounts import signing_in

    elsewhere.goto(signing_in.link(alice))
    elsewhere.get_by_role("button", name="Sign in").click()
    elsewhere.wait_for_url("**/")
    elsewhere.close()
    saved(opened)
    assert says(post) == "Written for too long"


def test_what_is_posted_is_what_is_seen(opened, post):
    text_of(opened).fill("The last word")
    opened.get_by_role("button", name="Post now").click()
    opened.get_by_text("It is posted now.").wait_for()
    assert says(post) == "The last word"


def test_a_long_text_is_shown_as_a_thread_before_it_is_one(opened, visitor, post):
    text_of(opened).fill(LONG)
    opened.get_by_text("As a thread of 4").wait_for()
    assert Post.objects.count() == 1
    opened.get_by_label("Number the parts").check()
    opened.get_by_text("(1/4)").wait_for()
    opened.get_by_role("button", name="Split into a thread").click()
    opened.get_by_role("heading", name="Part 4").wait_for()
    visitor.look("composer-thread")
    text_of(opened, 1).fill("The second part")
    saved(opened)
    assert Post.objects.get(place=1).text == "The second part"
    opened.get_by_role("button", name="Remove this part").last.click()
    opened.get_by_role("heading", name="Part 4").wait_for(state="detached")
    opened.get_by_role("button", name="Join into one post").click()
    opened.get_by_role("heading", name="The post").wait_for()
    assert Post.objects.count() == 1
    assert "The second part" in says(post)


def test_a_picture_is_brought_described_and_cropped_by_keyboard(opened, visitor, post):
    opened.get_by_label("Add pictures").set_input_files(painted())
    opened.get_by_text("Picture 1 is not described").wait_for()
    opened.get_by_label("What it shows").fill("The river in the morning")
    opened.get_by_text("Picture 1 is not described").wait_for(state="detached")
    focal = opened.get_by_role("button", name="What a crop of picture 1 keeps")
    focal.focus()
    opened.keyboard.press("ArrowUp")
    opened.keyboard.press("ArrowUp")
    opened.keyboard.press("ArrowLeft")
    saved(opened)
    until(opened, lambda: cropped_at(opened) == "45% 40%")
    visitor.look("composer-picture")
    shown = PostMedia.objects.get()
    assert (shown.alt, shown.focus_x, shown.focus_y) == ("The river in the morning", 0.45, 0.4)
    box = focal.bounding_box()
    opened.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.25)
    until(opened, lambda: cropped_at(opened).startswith("75"))


def test_it_is_usable_without_scripts(chromium, server, visitor, alice, post):
    plain = chromium.new_context(
        base_url=server, storage_state=visitor.context.storage_state(), java_script_enabled=False
    )
    page = plain.new_page()
    page.goto(f"/stories/{post.story_id}/compose")
    text_of(page).fill("Without a script")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    assert says(post) == "Without a script"
    plain.close()


@pytest.fixture
def everywhere(story):
    """A post on each network, one of them out, one too long for it."""
    names = {"x": "x", "masto": "mastodon", "bluesky": "bluesky", "telegram": "telegram"}
    text = f"{newsroom.TITLES['en']}\n\nTwo hundred people came. #culture @library\n\n"
    for slug, network in names.items():
        on = newsroom.channel(slug, network, account="office")
        link = story.articles.get(language="en").url
        newsroom.post(
            on=on, about=story, state="scheduled", text=text + link, due_at=timezone.now() + timedelta(hours=3)
        )
    newsroom.channel("ru", "fake", languages=["ru"])


def test_how_it_looks(alice, visitor, everywhere, post, page):
    Post.objects.filter(channel__network="x").update(text=LONG)
    Post.objects.filter(channel=post.channel).update(state="sent", sent_at=timezone.now())
    numbers = dict(Post.objects.values_list("channel__slug", "pk"))
    for slug in ("x", "telegram", "quiet"):
        visitor.look(f"composer-{slug}", f"/stories/{post.story_id}/compose?post={numbers[slug]}")
    page.goto(f"/stories/{post.story_id}/compose")
    page.get_by_role("navigation", name="Channels").get_by_text("no post").click()
    page.get_by_role("button", name="Add a post here").wait_for()
