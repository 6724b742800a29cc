"""A story, or a template, that cannot be rendered: others' letters leave, nobody loses a story, and it is tried again."""

from datetime import UTC, datetime, timedelta

import pytest
import readership
import time_machine
from django.utils import timezone

from dispatch import queue
from dispatch.articles.models import Revision
from dispatch.audience.models import Rhythm
from dispatch.desk import overview
from dispatch.editions import rendering, ticks
from dispatch.editions.models import Edition
from dispatch.operations import stats

pytestmark = pytest.mark.django_db
SUBJECT = '{% for story in letter.stories if story.title == "Broken" %}{{ story.nowhere }}{% endfor %}News'


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    monkeypatch.setattr(queue, "enqueue", lambda task, *ids: None)


@pytest.fixture
def clock():
    with time_machine.travel(datetime(2026, 3, 23, 5, 0, tzinfo=UTC), tick=False) as clock:
        yield clock


@pytest.fixture
def templates(tmp_path, settings):
    """The newsroom's own subjects, which one title breaks."""
    for kind in ("story", "digest"):
        (tmp_path / "email" / kind).mkdir(parents=True)
        (tmp_path / "email" / kind / "subject.txt").write_text(SUBJECT)
    settings.DISPATCH_TEMPLATES = str(tmp_path)
    return tmp_path / "email"


@pytest.fixture
def newsroom(clock, templates):
    """Alice has a digest a day at nine, of two stories, one of which breaks the subject; Charlie one in Belarusian at ten."""
    room = readership.Newsroom("weekly")
    room.wish("alice", {"frequency": "daily", "hour": 9})
    room.wish("charlie", {"frequency": "daily", "hour": 10})
    room.publish("en", "Rights", "Broken")
    room.publish("en", "Rights")
    room.translate(1, "be")
    return room


def told(newsroom, name):
    return [letter.telling for letter in newsroom.letters(name)]


def own():
    return Edition.objects.filter(slot__startswith="own:")


def mend(title="Mended"):
    Revision.objects.filter(title="Broken").update(title=title)


def test_a_story_that_cannot_be_rendered_is_left_out_and_comes_when_it_is_mended(newsroom, clock):
    newsroom.pass_hours(clock, 7)
    assert (told(newsroom, "alice"), told(newsroom, "charlie")) == ([["2/en"]], [["2/be"]])
    (hers,) = {letter.edition for letter in newsroom.letters("alice")}
    assert hers.trouble.startswith("Held back: “Broken” (en). UndefinedError")
    mend()
    newsroom.pass_hours(clock, 24)
    assert told(newsroom, "alice") == [["2/en"], ["1/en"]]


def test_the_desk_says_what_is_held_and_what_to_do(newsroom, clock):
    hers = Rhythm.objects.get(subscription__subscriber=newsroom.cast["alice"])
    clock.move_to(hers.due_at)
    newsroom.settle()
    (need,) = [need for need in overview.needs(stats.now()) if "left without" in need.words]
    assert "“Broken”" in need.words
    assert need.words.endswith("Mend the story or its template: it is tried again by itself.")


def test_who_is_owed_nothing_else_holds_up_nobody_and_is_tried_again_by_itself(newsroom, clock):
    newsroom.wish("alice", {"frequency": "each", "topics": ("Culture",)})
    newsroom.publish("en", "Culture", "Broken")
    newsroom.settle()
    assert own().get().state == "failed"
    newsroom.pass_hours(clock, 6)
    assert told(newsroom, "charlie") == [["2/be"]]
    mend()
    newsroom.pass_hours(clock, 1)
    assert told(newsroom, "alice") == [["3/en"]]
    assert not own().filter(state="failed").exists()


def test_a_broken_template_is_tried_again_after_a_while_that_grows_to_a_quarter_of_an_hour(newsroom, clock, templates):
    (templates / "digest" / "subject.txt").write_text("{{ letter.nowhere }}")
    (templates / "story" / "subject.txt").write_text("{{ letter.nowhere }}")
    Rhythm.objects.update(due_at=timezone.now())
    newsroom.settle()
    tries = []
    for minute in range(1, 60):
        clock.shift(60)
        ticks.depart_again()
        if Edition.objects.filter(state="due").exists():
            tries.append(minute)
            newsroom.settle()
    assert tries == [1, 2, 4, 8, 16, 31, 46]
    assert own().count() == 1
    for kind in ("digest", "story"):
        (templates / kind / "subject.txt").write_text("News")
    newsroom.pass_hours(clock, 1)
    assert told(newsroom, "alice") == [["1/en", "2/en"]]
    assert own().get(state="rendered").trouble == ""


def test_a_rendering_that_ends_the_worker_is_given_one_attempt_at_a_time(newsroom, clock):
    Rhythm.objects.update(due_at=timezone.now())
    ticks.depart()
    own().update(attempts=rendering.PATIENCE)
    rendering.render(own().get().pk)
    assert own().get().state == "failed"
    clock.shift(timedelta(minutes=1))
    ticks.depart_again()
    again = own().get()
    assert (again.state, again.attempts, again.due_at) == ("due", rendering.PATIENCE - 1, timezone.now())
