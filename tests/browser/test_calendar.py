"""The calendar in a browser: a post moved by mouse, by touch and by keyboard, taken back, refused; a file planned."""

from datetime import date, datetime, time, timedelta

import newsroom
import pytest
import serving
from django.contrib.sessions.models import Session
from django.utils import timezone

from dispatch import timetable
from dispatch.accounts import stopping
from dispatch.accounts.models import AuditEntry, Stop
from dispatch.editions.models import Edition
from dispatch.social.models import Post, Slot

pytestmark = pytest.mark.browser
TITLES = (
    "A reading room opens beside the river", "What the new rules mean for those who moved last year",
    "How we count our readers", "The bridge is closed until spring", "An evening of songs", "Three questions to a lawyer",
)  # fmt: skip


def monday():
    """Of next week: none of it is over."""
    today = timezone.localdate()
    return today + timedelta(days=7 - today.weekday())


def at(days, hours, minutes=0):
    """By the newsroom's clock, from next Monday."""
    return timetable.moment(monday() + timedelta(days=days), time(hours, minutes), timezone.get_current_timezone())


@pytest.fixture
def masto(visitor):
    one = newsroom.channel("masto", "fake", quiet_from=time(22), quiet_to=time(7))
    Slot.objects.create(channel=one, weekday=3, at=time(9, 20))
    return one


@pytest.fixture
def post(masto):
    return newsroom.post(masto, newsroom.story("en"), "scheduled", due_at=at(1, 10))


def show(page, path):
    """A page that has asked anew for what moved while it loaded, if anything did: it changes when something happens only."""
    page.add_init_script("document.addEventListener('htmx:afterSettle', () => { document.body.dataset.settled = '' })")
    page.goto(path)
    serving.until(page, "'settled' in document.body.dataset || performance.now() > 10_000")


@pytest.fixture
def opened(alice, post, page):
    show(page, f"/calendar/?day={monday()}")
    return page


def cell(page, days, hours):
    return page.locator(f'[data-wall="{monday() + timedelta(days=days)}T{hours:02}:00"]')


def drag(page, post, target, kind="post"):
    """Onto the middle of a target."""
    entry = page.locator(f"#{kind}-{post.pk} .where")
    entry.scroll_into_view_if_needed()
    entry.hover()
    page.mouse.down()
    page.mouse.move(5, 5)
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    for step in (0.3, 0.5):
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * step + 0.5)


def due(post):
    post.refresh_from_db()
    return post.due_at


def says(page, words):
    page.locator("#cal-told", has_text=words).wait_for()


def test_a_post_is_dragged_to_another_hour_and_taken_back(opened, post):
    drag(opened, post, cell(opened, 2, 15))
    opened.locator(".drag-label", has_text="15:30").wait_for()
    opened.mouse.up()
    says(opened, "Planned for")
    assert due(post) == at(2, 15, 30)
    cell(opened, 2, 15).locator(f"#post-{post.pk}:not(.asking)").wait_for()
    opened.get_by_role("button", name="Undo").click()
    says(opened, "It is back.")
    assert due(post) == at(1, 10)
    cell(opened, 1, 10).locator(f"#post-{post.pk}:not(.asking)").wait_for()


def test_onto_a_free_slot_it_takes_the_slots_own_minute(opened, post):
    drag(opened, post, opened.locator(".free a").first)
    opened.locator(".drag-label", has_text="a free slot").wait_for()
    opened.mouse.up()
    says(opened, "Planned for")
    assert due(post) == at(3, 9, 20)


def test_what_the_server_refuses_goes_back_and_says_why(opened, post):
    post.story.embargo_until = at(4, 0)
    post.story.save()
    drag(opened, post, cell(opened, 2, 15))
    opened.mouse.up()
    says(opened, "under embargo then")
    says(opened, "It is back where it was.")
    assert cell(opened, 1, 10).locator(f"#post-{post.pk}").count() == 1
    assert due(post) == at(1, 10)


def test_quiet_hours_are_asked_about(opened, post):
    drag(opened, post, cell(opened, 2, 23))
    opened.mouse.up()
    says(opened, "quiet then")
    assert due(post) == at(1, 10)
    opened.get_by_role("button", name="Plan it there all the same").click()
    says(opened, "Planned for")
    assert due(post) == at(2, 23, 30)


def test_what_somebody_else_moved_meanwhile_stays_where_they_put_it(opened, post):
    Post.objects.update(due_at=at(5, 12))
    drag(opened, post, cell(opened, 2, 15))
    opened.mouse.up()
    says(opened, "Somebody moved it")
    cell(opened, 5, 12).locator(f"#post-{post.pk}").wait_for()
    assert due(post) == at(5, 12)


def test_a_post_is_moved_by_keyboard_alone_and_taken_back(opened, post):
    opened.locator(f"#post-{post.pk} .what").focus()
    opened.keyboard.press("Space")
    says(opened, "Arrows move it")
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowDown"):
        opened.keyboard.press(key)
    says(opened, "10:30")
    opened.keyboard.press("Enter")
    says(opened, "Planned for")
    assert due(post) == at(2, 10, 30)
    opened.locator(f"#post-{post.pk} .what:focus").wait_for()
    opened.get_by_role("button", name="Undo").press("Enter")
    says(opened, "It is back.")
    assert due(post) == at(1, 10)


def test_escape_leaves_it_where_it_was(opened, post):
    opened.locator(f"#post-{post.pk} .what").focus()
    for key in ("Space", "ArrowLeft", "Escape"):
        opened.keyboard.press(key)
    says(opened, "It stays where it is.")
    assert due(post) == at(1, 10)


def test_a_drag_that_ends_beside_everything_moves_nothing(opened, post):
    drag(opened, post, opened.get_by_role("heading", level=1))
    opened.mouse.up()
    assert opened.locator(".lifted, .drag-label, .barred").count() == 0
    assert due(post) == at(1, 10)


@pytest.fixture
def digest(visitor):
    """Next Tuesday's at ten, of a newsletter that leaves each day at ten."""
    zone = timezone.get_current_timezone_name()
    office = newsroom.newsletter("daily", names={"en": "The day"}, cadence="daily", at=time(10), zone=zone)
    story = newsroom.story("en", titles={"en": TITLES[0]})
    one = Edition.objects.create(newsletter=office, slot=str(monday() + timedelta(days=1)), due_at=at(1, 10))
    one.stories.create(newsletter=office, story=story)
    return one


@pytest.fixture
def mailings(alice, digest, page):
    show(page, f"/calendar/?day={monday()}")
    return page


def test_a_digest_is_dragged_to_another_hour_and_taken_back(mailings, digest):
    drag(mailings, digest, cell(mailings, 2, 15), "edition")
    mailings.locator(".drag-label", has_text="15:30").wait_for()
    mailings.mouse.up()
    says(mailings, "It leaves")
    assert due(digest) == at(2, 15, 30)
    cell(mailings, 2, 15).locator(f"#edition-{digest.pk}:not(.asking)").wait_for()
    mailings.get_by_role("button", name="Undo").click()
    says(mailings, "It is back.")
    assert due(digest) == at(1, 10)
    assert AuditEntry.objects.filter(act="edition.move").count() == 2


def test_a_digest_that_is_being_rendered_by_the_time_it_is_dropped_goes_back_and_says_why(mailings, digest):
    drag(mailings, digest, cell(mailings, 2, 15), "edition")
    Edition.objects.update(state="due")
    mailings.mouse.up()
    says(mailings, "does not gather any more")
    says(mailings, "It is back where it was.")
    cell(mailings, 1, 10).locator(f"#edition-{digest.pk}:not([data-move])").wait_for()
    assert due(digest) == at(1, 10)


def test_beside_another_days_digest_it_goes_on_purpose_only(mailings, digest, visitor):
    drag(mailings, digest, cell(mailings, 2, 10), "edition")
    mailings.mouse.up()
    says(mailings, "mails another edition near then")
    assert cell(mailings, 1, 10).locator(f"#edition-{digest.pk}").count() == 1
    assert due(digest) == at(1, 10)
    visitor.look("calendar-mailing")
    mailings.get_by_role("button", name="Plan it there all the same").click()
    says(mailings, "It leaves")
    assert due(digest) == at(2, 10, 30)
    cell(mailings, 2, 10).locator(f"#edition-{digest.pk}", has_text="close").wait_for()


def test_a_digest_is_moved_by_keyboard_alone(mailings, digest):
    mailings.locator(f"#edition-{digest.pk} .what").focus()
    for key in ("Space", "ArrowUp", "ArrowUp", "Enter"):
        mailings.keyboard.press(key)
    says(mailings, "It leaves")
    assert due(digest) == at(1, 9, 30)
    mailings.locator(f"#edition-{digest.pk} .what:focus").wait_for()


def test_its_time_leads_to_the_form_on_its_page(mailings, digest, visitor):
    mailings.locator(f"#edition-{digest.pk} .at").click()
    mailings.locator("#move input[name=reason]").wait_for()
    visitor.look("calendar-mailing-form")
    mailings.get_by_label("When").fill(f"{monday() + timedelta(days=1)}T12:45")
    mailings.get_by_label("Why?").and_(mailings.locator("#move input")).fill("a holiday")
    mailings.get_by_role("button", name="Move it").click()
    mailings.get_by_text("It leaves").first.wait_for()
    assert due(digest) == at(1, 12, 45)


def test_who_is_not_signed_in_any_more_is_asked_to_show_that_it_is_them(mailings, digest):
    drag(mailings, digest, cell(mailings, 2, 15), "edition")
    Session.objects.all().delete()
    mailings.mouse.up()
    says(mailings, "Show first that it is you.")
    assert cell(mailings, 1, 10).locator(f"#edition-{digest.pk}").count() == 1
    mailings.get_by_role("button", name="Show it").click()
    mailings.wait_for_url("**next=%2Fcalendar%2F%3Fday**")
    assert due(digest) == at(1, 10)


def drag_to_day(page, entry, days):
    """In a month."""
    show(page, f"/calendar/?view=month&day={monday()}")
    target = page.locator(f'[data-day="{monday() + timedelta(days=days)}"]')
    page.locator(entry).hover()
    page.mouse.down()
    box = target.bounding_box()
    for step in (0.6, 0.8):
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * step)
    page.mouse.up()


def test_in_a_month_it_goes_to_another_day_at_its_own_hour(alice, post, page):
    drag_to_day(page, f"#post-{post.pk} .tag", 3)
    says(page, "Planned for")
    assert due(post) == at(3, 10)


def test_in_a_month_a_digest_does_too(alice, digest, page):
    drag_to_day(page, f"#edition-{digest.pk} .what", 3)
    says(page, "mails another edition near then")
    page.get_by_role("button", name="Plan it there all the same").click()
    says(page, "It leaves")
    assert due(digest) == at(3, 10)


def test_a_finger_moves_it_by_its_grip(chromium, server, alice, post, visitor):
    there = chromium.new_context(
        base_url=server, storage_state=visitor.context.storage_state(), has_touch=True, is_mobile=True,
        viewport={"width": 1000, "height": 1400},
    )  # fmt: skip
    page = there.new_page()
    show(page, f"/calendar/?day={monday()}")
    grip, target = page.locator(f"#post-{post.pk} .grip"), cell(page, 2, 12)
    target.scroll_into_view_if_needed()
    begin, end = grip.bounding_box(), target.bounding_box()
    touch = there.new_cdp_session(page)
    places = [(begin["x"] + 8, begin["y"] + 8), (end["x"] + 30, end["y"] + 10), (end["x"] + 30, end["y"] + 1)]
    for kind, (x, y) in zip(("touchStart", "touchMove", "touchMove"), places, strict=True):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    says(page, "Planned for")
    assert due(post) == at(2, 12)
    there.close()


def test_a_click_on_an_empty_place_plans_a_post_there(opened, post):
    other = newsroom.story("en", titles={"en": "The bridge"})
    cell(opened, 3, 16).click()
    opened.get_by_label("When?").and_(opened.locator(f'[value="{monday() + timedelta(days=3)}T16:30"]')).wait_for()
    opened.get_by_label("Story").select_option("The bridge (en)")
    opened.get_by_role("button", name="Plan it").click()
    opened.get_by_text("Planned for").wait_for()
    assert Post.objects.get(story=other).due_at == at(3, 16, 30)


def test_it_moves_by_itself_when_somebody_else_plans(opened, post):
    other = newsroom.post(post.channel, newsroom.story("en"), "scheduled", due_at=at(3, 12))
    cell(opened, 3, 12).locator(f"#post-{other.pk}").wait_for()


def test_a_filter_shows_at_once_and_stays_in_the_address(opened, post):
    opened.get_by_label("State").select_option("out")
    opened.wait_for_url("**state=out**")
    assert opened.locator(".entry").count() == 0


@pytest.fixture
def busy(visitor, settings):
    """Two weeks of a newsroom that posts a lot."""
    daily = newsroom.newsletter("daily", names={"en": "The morning letter"}, cadence="daily", zone="Europe/Minsk")
    newsroom.newsletter("week", names={"en": "The week"}, cadence="weekly", weekday=4, at=time(17), zone="Europe/Minsk")
    on = [
        newsroom.channel("masto", "fake", quiet_from=time(22), quiet_to=time(7)),
        newsroom.channel("x", "fake", quiet_from=time(23), quiet_to=time(6)),
        newsroom.channel("telegram", "fake"),
    ]
    for weekday, hour in ((day, hour) for day in range(5) for hour in (9, 13, 18)):
        Slot.objects.create(channel=on[0], weekday=weekday, at=time(hour, 30))
    stories = [newsroom.story("en", titles={"en": TITLES[number % 6]}) for number in range(46)]
    states = ["scheduled"] * 5 + ["draft", "deferred"]
    for number in range(34):
        moment = at(number % 6, 8 + (number * 5) % 13, (number * 25) % 60)
        newsroom.post(on[number % 3], stories[number], states[number % 7], due_at=moment)
    for number in range(12):
        moment = timezone.now() - timedelta(hours=7 * number + 1)
        state = ["sent", "sent", "refused", "unknown", "dropped"][number % 5]
        sent_at = moment if state == "sent" else None
        newsroom.post(on[number % 3], stories[34 + number], state, due_at=moment, sent_at=sent_at)
    held = newsroom.story("en", titles={"en": "The report that is not out yet"}, key="held")
    held.embargo_until = at(2, 12)
    held.save()
    newsroom.post(on[0], held, "scheduled", due_at=at(2, 12))
    newsroom.post(on[0], stories[0], "scheduled", due_at=at(3, 23, 15), turn=77)
    stopping.stop(Stop.Scope.CHANNEL, on[2].pk, None, "Somebody else has its token.")
    return daily


@pytest.mark.parametrize("view", ["week", "month", "agenda"])
def test_the_calendar_looks_right(alice, busy, visitor, view):
    visitor.look(f"calendar-{view}", f"/calendar/?view={view}&day={monday()}")


def test_a_week_in_which_the_clocks_change_looks_right(alice, busy, visitor, page):
    visitor.look("calendar-clocks", "/calendar/?day=2026-10-25")
    assert page.locator(".week .hour", has_text="03 again").count() == 1
    assert page.get_by_text("25 hours: the clocks go back").is_visible()
    page.goto(f"/calendar/?day={date(2027, 3, 28)}")
    assert page.get_by_text("the clocks skip 03").is_visible()


def test_the_pages_beside_it_look_right(alice, post, visitor):
    visitor.look("calendar-post", f"/calendar/posts/{post.pk}")
    visitor.look("calendar-new", f"/calendar/new?at={datetime.combine(monday(), time(9)):%Y-%m-%dT%H:%M}")


def test_a_file_is_looked_at_and_then_planned(alice, masto, page, visitor):
    for number in range(4):
        newsroom.story("en", key=f"site:{number}", titles={"en": TITLES[number]})
    rows = [f"masto,{monday()} {9 + number}:00,site:{number}" for number in range(3)]
    text = "\n".join(
        ("channel,moment,story", *rows, f"masto,{monday()} 23:00,site:3", "nobody,next,site:1", "masto,soon,site:2")
    )
    page.goto("/calendar/")
    page.get_by_role("link", name="From a file").click()
    visitor.look("bulk")
    page.get_by_label("CSV file").set_input_files(
        {"name": "posts.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    page.get_by_role("button", name="Look at it").click()
    page.get_by_text("there is no channel “nobody”").wait_for()
    assert Post.objects.count() == 0
    visitor.look("bulk-look")
    page.get_by_role("button", name="Plan these 4").click()
    page.get_by_text("4 posts planned.").wait_for()
    assert Post.objects.count() == 4
