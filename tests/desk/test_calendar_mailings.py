"""A digest that is dropped elsewhere in the calendar: by whom, from where it was seen, and what is said of its new moment."""

from datetime import UTC, date, datetime, time, timedelta

import newsroom
import pytest
import time_machine

from dispatch.accounts import views
from dispatch.accounts.models import AuditEntry, Desk
from dispatch.desk.calendar import sheet
from dispatch.desk.calendar.asking import Asked, View
from dispatch.editions import planning
from dispatch.editions.models import Edition

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NOON = MONDAY + timedelta(hours=2)
HOUR = timedelta(hours=1)


@pytest.fixture
def digest():
    """Leaves at noon, Vilnius time, as one does every day."""
    with time_machine.travel(MONDAY, tick=False):
        newsroom.newsletter("daily", cadence="daily", at=time(12), zone="Europe/Vilnius", languages=["en"])
        planning.plan(newsroom.story("en").articles.get())
        yield Edition.objects.get()


@pytest.fixture
def bob(client, digest):
    return newsroom.signed_in(client, "approver")


def drop(client, digest, moment, **more):
    fields = {"moment": moment.isoformat(), "seen_state": "gathering", "seen_due": digest.due_at.isoformat(), **more}
    return client.post(f"/editions/{digest.pk}/moment", fields, headers={"Accept": "application/json"})


def entry(digest, by):
    found = sheet.of(Asked(View.WEEK, date(2026, 11, 23)), None, by).entries
    return next(one for one in found if one.number == digest.pk)


def test_a_drop_is_confirmed_with_words_and_kept_in_the_log(client, bob, digest):
    later = (NOON + HOUR).isoformat()
    assert drop(client, digest, NOON + HOUR).json() == {
        "outcome": "moved", "words": "It leaves 13:00.", "state": "gathering", "due": later,
    }  # fmt: skip
    assert AuditEntry.objects.get(act="edition.move").reason == "to 2026-11-23 11:00 UTC. moved in the calendar"


@pytest.mark.parametrize(
    ("moment", "outcome", "words"),
    [
        (MONDAY - HOUR, "refused", "over"),
        (MONDAY + timedelta(days=40), "refused", "31 days"),
        (NOON + timedelta(days=1, minutes=30), "ask", "mails another edition near then: tomorrow, 12:00"),
    ],
)
@pytest.mark.usefixtures("bob")
def test_a_drop_that_cannot_be_or_is_odd_says_why(client, digest, moment, outcome, words):
    said = drop(client, digest, moment).json()
    assert (said["outcome"], said["due"]) == (outcome, NOON.isoformat())
    assert words in said["words"]


def test_what_is_odd_is_done_once_it_is_confirmed(client, bob, digest):
    assert drop(client, digest, NOON + timedelta(days=1), anyway="yes").json()["outcome"] == "moved"


def test_a_digest_that_somebody_moved_meanwhile_stays_where_they_put_it(client, bob, digest):
    Edition.objects.update(due_at=NOON + 3 * HOUR)
    said = drop(client, digest, NOON + HOUR).json()
    assert said["outcome"] == "refused"
    assert "Somebody moved it" in said["words"]
    assert said["due"] == (NOON + 3 * HOUR).isoformat()


def test_one_that_is_being_rendered_by_now_is_told_as_it_stands(client, bob, digest):
    Edition.objects.update(state="due")
    said = drop(client, digest, NOON + HOUR).json()
    assert (said["outcome"], said["state"]) == ("refused", "due")


@pytest.mark.parametrize("moment", ["", "soon", "2026-13-01T00:00Z"])
def test_what_is_no_moment_moves_nothing(client, bob, digest, moment):
    fields = {"moment": moment, "seen_due": digest.due_at.isoformat()}
    answer = client.post(f"/editions/{digest.pk}/moment", fields, headers={"Accept": "application/json"})
    assert answer.json()["outcome"] == "refused"
    unseen = {"moment": (NOON + HOUR).isoformat()}
    answer = client.post(f"/editions/{digest.pk}/moment", unseen, headers={"Accept": "application/json"})
    assert answer.json()["outcome"] == "refused"
    assert Edition.objects.get().due_at == NOON


def test_the_form_on_its_page_asks_for_a_tick_where_it_is_odd(client, bob, digest):
    page = client.get(f"/editions/{digest.pk}").content.decode()
    assert f'name="seen_due" value="{NOON.isoformat()}"' in page
    told = {"moment": "2026-11-24T12:30", "seen_due": NOON.isoformat(), "reason": "a holiday"}
    assert "Tick the box" in client.post(f"/editions/{digest.pk}/moment", told, follow=True).content.decode()
    assert Edition.objects.get().due_at == NOON
    client.post(f"/editions/{digest.pk}/moment", told | {"anyway": "yes"})
    assert Edition.objects.get().due_at == NOON + timedelta(days=1, minutes=30)


def test_only_an_approver_of_its_desk_sees_it_movable_and_moves_it(client, digest):
    alice, bob = newsroom.person("editor", "Alice"), newsroom.person("approver", "Bob")
    assert "An approver may move it" in entry(digest, alice).fixed
    assert entry(digest, bob).moved_at == f"/editions/{digest.pk}/moment"
    assert entry(digest, bob).form == f"/editions/{digest.pk}#move"
    client.force_login(alice, views.BACKEND)
    assert drop(client, digest, NOON + HOUR).status_code == 403
    bob.desks.add(Desk.objects.create(slug="sports", name="Sports"))
    digest.newsletter.desk = Desk.objects.create(slug="culture", name="Culture")
    digest.newsletter.save()
    assert entry(digest, bob).fixed == "It belongs to another desk."
    client.force_login(bob, views.BACKEND)
    assert drop(client, digest, NOON + HOUR).status_code == 403
    assert Edition.objects.get().due_at == NOON


@pytest.mark.parametrize("change", [{"state": "rendered"}, {"state": "late"}, {"due_at": MONDAY}])
def test_what_does_not_wait_for_its_moment_any_more_is_not_movable(digest, change):
    Edition.objects.update(**change)
    digest.refresh_from_db()
    one = entry(digest, newsroom.person("approver", "Bob"))
    assert (one.fixed, one.moved_at, one.form) == ("It left, or leaves, as it was planned.", "", "")


def test_it_takes_the_second_factor_anew(client, bob, digest, settings):
    settings.SECOND_FACTOR = True
    assert drop(client, digest, NOON + HOUR).status_code == 302
    assert Edition.objects.get().due_at == NOON


def test_two_mailings_of_a_newsletter_within_the_hour_are_marked_as_close(digest):
    bob, other = newsroom.person("approver", "Bob"), newsroom.newsletter("other")
    Edition.objects.create(newsletter=other, slot="x", state="rendered", due_at=NOON)
    assert entry(digest, bob).marks == ()
    beside = Edition.objects.create(newsletter=digest.newsletter, slot="x", state="due", due_at=NOON - HOUR / 2)
    assert [(mark.word, mark.why) for mark in entry(digest, bob).marks] == [
        ("close", "30 min between two mailings of Office news")
    ]
    Edition.objects.filter(pk=beside.pk).update(state="withdrawn")
    assert entry(digest, bob).marks == ()
