"""A digest is moved from where it was seen; beside another mailing, or before a picked story may be told, only on purpose."""

from datetime import UTC, datetime, time, timedelta

import newsroom
import pytest
import time_machine

from dispatch.accounts.models import AuditEntry
from dispatch.articles import embargo
from dispatch.editions import arranging, moving, planning
from dispatch.editions.models import Edition
from dispatch.editions.moving import Doubt, Moved

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def monday():
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def digest(monday):
    """Leaves at 8:00 UTC, as one does every day."""
    newsroom.newsletter("daily", cadence="daily", at=time(8), zone="UTC", languages=["en"])
    planning.plan(newsroom.story("en").articles.get())
    return Edition.objects.get()


@pytest.fixture
def bob():
    return newsroom.person("approver", "Bob")


def move(digest, moment, by=None, **how):
    return moving.move(digest.pk, moment, by, "a holiday", **{"seen": digest.due_at} | how)


def due(digest):
    digest.refresh_from_db()
    return digest.due_at


def test_it_leaves_at_its_new_moment_and_the_log_says_who_wanted_that(digest, bob):
    assert move(digest, MONDAY + 6 * HOUR, bob) is Moved.DONE
    assert due(digest) == MONDAY + 6 * HOUR
    kept = AuditEntry.objects.get(act="edition.move")
    assert (kept.who, kept.target, kept.reason) == (bob, f"edition:{digest.pk}", "to 2026-11-23 12:00 UTC. a holiday")


def test_who_saw_it_elsewhere_moves_nothing(digest):
    assert move(digest, MONDAY + 6 * HOUR, seen=digest.due_at - HOUR) is Moved.CHANGED
    assert due(digest) == MONDAY + 2 * HOUR


@pytest.mark.parametrize("change", [{"state": "due"}, {"state": "late"}, {"slot": "own:x"}, {"due_at": MONDAY}])
def test_what_does_not_gather_any_more_stays(digest, change):
    Edition.objects.update(**change)
    stood = due(digest)
    assert move(digest, MONDAY + 6 * HOUR) is Moved.CHANGED
    assert due(digest) == stood


@pytest.mark.parametrize(
    ("moment", "why"),
    [
        (MONDAY, Moved.OVER),
        (MONDAY - HOUR, Moved.OVER),
        (MONDAY + timedelta(days=31, seconds=1), Moved.FAR),
    ],
)
def test_a_moment_that_is_over_or_far_away_is_none(digest, moment, why):
    assert move(digest, moment, anyway=True) is why
    assert due(digest) == MONDAY + 2 * HOUR
    assert not AuditEntry.objects.filter(act="edition.move").exists()


def test_beside_the_digest_of_another_day_that_has_no_story_yet_it_goes_on_purpose_only(digest):
    tomorrow = MONDAY + timedelta(days=1, hours=2)
    assert move(digest, tomorrow + timedelta(minutes=59)) == Doubt(tomorrow, ())
    assert due(digest) == MONDAY + 2 * HOUR
    assert move(digest, tomorrow + timedelta(minutes=59), anyway=True) is Moved.DONE


def test_beside_an_edition_that_is_there_likewise(digest):
    noon, office = MONDAY + 6 * HOUR, digest.newsletter
    Edition.objects.create(newsletter=office, slot="breaking:7", state="rendered", due_at=noon)
    assert move(digest, noon - HOUR / 2) == Doubt(noon, ())
    Edition.objects.filter(slot="breaking:7").update(state="withdrawn")
    assert move(digest, noon - HOUR / 2) is Moved.DONE


def test_its_own_slot_another_newsletter_and_readers_own_rhythms_stand_in_nobodys_way(digest):
    noon = MONDAY + 6 * HOUR
    other = newsroom.newsletter("other", cadence="daily", at=time(12), zone="UTC")
    Edition.objects.create(newsletter=other, slot="2026-11-23", due_at=noon)
    Edition.objects.create(newsletter=digest.newsletter, slot="own:2026-11-23T12", due_at=noon)
    assert move(digest, noon) is Moved.DONE
    due(digest)
    assert move(digest, MONDAY + 2 * HOUR) is Moved.DONE


def test_a_picked_story_that_would_stay_out_is_told_of(digest):
    story = newsroom.story("en", titles={"en": "The report"})
    embargo.place(story.pk, digest.due_at, None, "until eight")
    assert arranging.pick(digest.pk, story.pk) is arranging.Outcome.DONE
    assert move(digest, digest.due_at - HOUR) == Doubt(None, (story,))
    assert move(digest, digest.due_at + HOUR / 2) is Moved.DONE
