"""Posts from a file: a look that plans nothing, then all that was shown, or nothing, and never twice."""

import zoneinfo
from datetime import UTC, datetime, time, timedelta

import newsroom
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from dispatch.accounts.models import AuditEntry
from dispatch.social import bulk, bulk_pictures, moments, planning, sheets
from dispatch.social.bulk import Refused
from dispatch.social.bulk_lines import Outcome
from dispatch.social.models import Media, Post, Slot

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
VILNIUS, MINSK = zoneinfo.ZoneInfo("Europe/Vilnius"), zoneinfo.ZoneInfo("Europe/Minsk")
ZONES = ["Europe/Vilnius", "Europe/Minsk", "America/Havana", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu"]


@pytest.fixture
def masto(db):
    with time_machine.travel(MONDAY, tick=False):
        one = newsroom.channel("masto", "fake", quiet_from=time(22), quiet_to=time(7))
        Slot.objects.create(channel=one, weekday=1, at=time(9))
        Slot.objects.create(channel=one, weekday=2, at=time(9))
        newsroom.channel("x", "x", languages=["en"])
        for number in range(6):
            newsroom.story("en", "be", key=f"site:{number}")
        yield one


def file(*rows, header="channel;moment;story;text;zone;language;link;content_warning;picture;alt"):
    return "\n".join([header, *rows]).encode()


def told(*rows, **more):
    return [(row.outcome, row.column, row.words) for row in bulk.look(file(*rows, **more)).rows]


def test_a_look_says_what_would_become_of_each_line_and_plans_nothing(masto):
    assert told("masto;2026-11-24 10:00;site:0", "x;24.11.2026 10:30;site:1", "x;next;site:0") == [
        (Outcome.PLAN, "", "tomorrow, 10:00 on Mastodon"),
        (Outcome.PLAN, "", "tomorrow, 10:30 on X"),
        (Outcome.PROBLEM, "moment", "X has no free slot in the next 12 weeks; name a moment"),
    ]
    assert not Post.objects.exists()


def test_a_story_is_found_by_the_address_of_its_article_which_says_the_language(masto):
    story = newsroom.story("en", "be")
    row = f"masto;2026-11-24 10:00;https://office.example.org/be/{story.pk}"
    (one,) = bulk.look(file(row)).rows
    assert one.wish.article.language == "be"
    story.articles.filter(language="be").update(address=f"office.example.org/be/{story.pk}", url="")
    (one,) = bulk.look(file(f"{row}?utm_source=x")).rows
    assert one.wish.article.language == "be"


def test_next_takes_what_posts_and_named_moments_leave_free(masto):
    newsroom.post(masto, newsroom.story("en"), "scheduled", due_at=datetime(2026, 11, 24, 7, 0, tzinfo=UTC))
    rows = bulk.look(file("masto;NEXT;site:0", "masto;next;site:1", "masto;2026-11-25 09:00;site:2")).rows
    assert [moments.written(row.wish.moment, VILNIUS) for row in rows] == [
        "2026-12-01 09:00", "2026-12-02 09:00", "2026-11-25 09:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("nobody;next;site:0", "channel", "there is no channel “nobody”"),
        ("masto;next;site:99", "story", "there is no story “site:99”"),
        ("masto;next;", "story", "there is no story"),
        ("masto;tomorrow;site:0", "moment", "“tomorrow” is no moment"),
        ("masto;;site:0", "moment", "is no moment"),
        ("masto;30.02.2027 10:00;site:0", "moment", "does not exist"),
        ("masto;2026-11-23 09:00;site:0", "moment", "that moment is over"),
        ("masto;2028-11-23 09:00;site:0", "moment", "more than a year away"),
        ("masto;2026-11-24 09:00+02:00;site:0;;Europe/Minsk", "moment", "an offset and a zone"),
        ("masto;2026-11-24 09:00;site:0;;Mars/Base", "zone", "“Mars/Base” is no time zone"),
        ("masto;2026-11-24 09:00;site:0;;;uk", "language", "no public version in uk"),
        ("masto;2026-11-24 09:00;site:0;;;;office.example.org", "link", "begins with https://"),
        ("x;2026-11-24 09:00;site:0;" + "long " * 70, "text", "fit"),
        ("x;2026-11-24 09:00;site:0;;;;;careful", "text", "no content warning here"),
        ("masto;2026-11-24 09:00;site:0;;;;;" + "c" * 301, "content_warning", "301 characters, 300 fit"),
        ("masto;2026-11-24 09:00;site:0;;;;;;;a river", "alt", "there is none"),
        ("masto;2026-11-24 09:00;site:0;;;;;;ftp://example.org/a.png;a river", "picture", "cannot be fetched"),
        ("masto;2026-11-24 09:00;site:0;a;b;c;d;e;f;g;h", "", "more fields than the header"),
    ],
)
def test_a_problem_names_its_column_and_what_to_do(masto, row, column, words):
    ((outcome, where, said),) = told(row)
    assert (outcome, where) == (Outcome.PROBLEM, column)
    assert words in said


def test_what_is_switched_off_not_public_or_under_embargo_is_a_problem(masto):
    from dispatch.articles.models import Article, Story

    Story.objects.filter(key="site:0").update(embargo_until=MONDAY + timedelta(days=3))
    Article.objects.filter(story__key="site:1").update(visibility="members")
    rows = ("masto;2026-11-24 09:00;site:0", "masto;2026-11-24 10:00;site:1")
    assert [column for _, column, _ in told(*rows)] == ["moment", "language"]
    masto.active = False
    masto.save()
    assert [column for _, column, _ in told(*rows)] == ["channel", "channel"]


def test_a_channel_of_another_desk_is_a_problem_for_who_is_limited_to_theirs(masto):
    from dispatch.accounts.models import Desk

    masto.desk, bob = Desk.objects.create(slug="culture", name="Culture"), newsroom.person("editor", "Bob")
    masto.save()
    content = file("masto;2026-11-24 09:00;site:0")
    assert bulk.look(content, bob).plannable
    bob.desks.add(Desk.objects.create(slug="sports", name="Sports"))
    seen = bulk.look(content, bob)
    assert [(row.column, row.words) for row in seen.rows] == [
        ("channel", "Mastodon belongs to another desk; ask someone there")
    ]
    assert bulk.plan(content, seen.digest, bob) is Refused.EMPTY
    assert bulk.plan(content, bulk.look(content).digest, bob) is Refused.CHANGED


def test_the_same_story_twice_in_a_file_is_told_and_one_that_stands_is_let_be(masto):
    from dispatch.articles.models import Story

    newsroom.post(masto, Story.objects.get(key="site:1"), "scheduled", due_at=MONDAY + timedelta(days=1))
    rows = (
        "masto;2026-11-24 09:00;site:0",
        "masto;2026-11-25 09:00;site:0",
        "masto;next;site:1",
        "x;2026-11-25 09:00;site:1",
    )
    assert [outcome for outcome, *_ in told(*rows)] == [Outcome.PLAN, Outcome.PROBLEM, Outcome.STANDS, Outcome.PLAN]
    assert told(*rows)[1][2] == "line 2 has the same story for the same channel; keep one of them"


def test_the_same_words_within_a_week_are_planned_with_a_word(masto):
    words = "The reading room opens on Tuesday at six, come and see"
    there = datetime(2026, 11, 25, 8, tzinfo=UTC)
    newsroom.post(masto, newsroom.story("en"), "scheduled", due_at=there, text=words)
    rows = bulk.look(
        file(f"masto;2026-11-24 10:00;site:0;{words}!", f"masto;2026-12-04 10:00;site:1;{words}",
             f"masto;2026-12-06 10:00;site:2;{words}", "masto;2026-12-07 10:00;site:3;Something else")
    ).rows  # fmt: skip
    assert [row.outcome for row in rows] == [Outcome.PLAN] * 4
    assert rows[0].notes == ("nearly the same as a post of Wed 25 Nov, 10:00 on the same channel",)
    assert [row.notes for row in rows[1:]] == [(), ("nearly the same as line 3",), ()]


def test_what_is_close_quiet_or_in_a_skipped_hour_is_planned_with_a_word(masto):
    newsroom.post(masto, newsroom.story("en"), "scheduled", due_at=datetime(2026, 11, 24, 8, 1, tzinfo=UTC))
    rows = bulk.look(
        file("masto;2026-11-24 10:00;site:0", "masto;2026-11-24 23:00;site:1", "masto;2026-11-24 23:04;site:2",
             "masto;2027-03-28 03:30;site:3")
    ).rows  # fmt: skip
    assert [row.outcome for row in rows] == [Outcome.PLAN] * 4
    assert "a post that stands already" in rows[0].notes[0]
    assert "quiet" in rows[1].notes[0]
    assert "line 4" in rows[1].notes[1]
    assert "line 3" in rows[2].notes[1]
    assert rows[3].notes[0] == "the clocks skip that hour; it is 2027-03-28 04:30"


def test_a_zone_beside_it_says_by_whose_clock(masto):
    (one,) = bulk.look(file("masto;2026-11-24 10:00;site:0;;Europe/Minsk")).rows
    assert one.wish.moment == datetime(2026, 11, 24, 7, 0, tzinfo=UTC)


GOOD = ("masto;2026-11-24 10:00;site:0;Come and read.", "x;2026-11-24 10:00;site:0", "masto;next;site:1")


def test_all_that_was_shown_is_planned_and_sent_twice_it_is_planned_once(masto):
    content = file(*GOOD, "nobody;next;site:2")
    seen = bulk.look(content)
    alice = newsroom.person("editor")
    assert bulk.plan(content, seen.digest, alice) == 3
    assert bulk.plan(content, seen.digest, alice) is Refused.DONE
    assert [(post.state, post.edited) for post in Post.objects.order_by("pk")] == [
        ("scheduled", True), ("scheduled", False), ("scheduled", False),
    ]  # fmt: skip
    assert Post.objects.order_by("pk")[0].text == "Come and read."
    entry = AuditEntry.objects.get(act="posts.import")
    assert (entry.who, entry.reason) == (alice, "3 posts from a file")


def test_the_same_file_again_plans_nothing_twice(masto):
    content = file(*GOOD)
    bulk.plan(content, bulk.look(content).digest, None)
    again = bulk.look(content)
    assert [row.outcome for row in again.rows] == [Outcome.STANDS] * 3
    assert bulk.plan(content, again.digest, None) is Refused.EMPTY
    assert Post.objects.count() == 3


def test_if_anything_that_was_seen_changed_nothing_is_planned(masto):
    content = file(*GOOD)
    seen = bulk.look(content).digest
    newsroom.post(masto, newsroom.story("en"), "scheduled", due_at=datetime(2026, 11, 24, 7, 0, tzinfo=UTC))
    assert bulk.plan(content, seen, None) is Refused.CHANGED
    assert bulk.plan(file(*GOOD[:2]), seen, None) is Refused.CHANGED
    assert Post.objects.count() == 1


def test_one_that_fails_takes_all_of_them_back(masto, monkeypatch):
    from django.db import IntegrityError

    content = file(*GOOD)
    seen = bulk.look(content).digest

    def broken(*args, **kwargs):
        raise IntegrityError

    monkeypatch.setattr(bulk.audit, "record", broken)
    assert bulk.plan(content, seen, None) is Refused.CHANGED
    assert not Post.objects.exists()


def test_a_picture_is_brought_once_and_shown_with_its_words(masto, monkeypatch):
    from dispatch.social import media

    fetched = []

    def bring(address):
        fetched.append(address)
        said = {"kind": "image/png", "content": b"x", "width": 2, "height": 2}
        return Media.objects.get_or_create(key=b"k", defaults=said)[0]

    monkeypatch.setattr(media, "bring", bring)
    row = "masto;2026-11-24 10:00;site:{};;;;;;https://example.org/a.png;{}"
    content = file(row.format(0, "A river"), row.format(1, ""))
    seen = bulk.look(content)
    assert [(one.column, one.words) for one in seen.rows][1] == ("picture", "picture 1 is not described")
    assert bulk.plan(content, seen.digest, None) == 1
    assert fetched == ["https://example.org/a.png"]
    assert Post.objects.get().media.get().alt == "A river"


def test_a_file_brings_no_more_pictures_than_somebody_can_wait_for(masto, monkeypatch):
    monkeypatch.setattr(bulk_pictures, "MOST", 0)
    ((_, column, words),) = told("masto;next;site:0;;;;;;https://example.org/a.png;x")
    assert (column, words.startswith("a file brings")) == ("picture", True)


def test_the_results_can_be_opened_in_a_spreadsheet_and_brought_again(masto):
    content = file("masto;2026-11-24 10:00;site:0;=1+1", "masto;next;site:99")
    offered = bulk.results(bulk.look(content))
    assert '"\'=1+1"' in offered
    assert "problem: there is no story" in offered
    again = bulk.look(offered.encode())
    assert again.rows[0].text == "=1+1"
    assert again.ignored == ()


FIELDS = st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=20).map(
    lambda text: text.replace("\r\n", "\n").strip()
)


@given(
    st.lists(st.dictionaries(st.sampled_from(sheets.COLUMNS), FIELDS.filter(bool), min_size=1), min_size=1, max_size=5)
)
def test_what_is_written_is_read_again_as_it_was(rows):
    content = sheets.written((row, "planned") for row in rows).encode()
    assert [dict(line.said) for line in sheets.read(content).lines] == rows


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)), st.sampled_from(ZONES), st.booleans())  # noqa: DTZ001
def test_a_moment_that_is_written_is_read_again(wall, name, dotted):
    zone = zoneinfo.ZoneInfo(name)
    moment = wall.replace(second=0, microsecond=0, tzinfo=UTC)
    read = moments.read(moments.written(moment, zone, dotted=dotted), zone, VILNIUS)
    assert read == moment or (moment.astimezone(zone).fold == 1 and read < moment)
    assert not moments.is_put_off(moments.written(moment, zone, dotted=dotted), read, zone)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-11-24T10:00Z", 10),
        ("2026-11-24 10:00+03:00", 7),
        ("2026-11-24 10:00:00-0530", 15),
        ("24.11.2026, 9:00", 7),
    ],
)
def test_moments_are_read_in_the_ways_people_write_them(text, hour):
    assert moments.read(text, None, VILNIUS).hour == hour


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24",
        "24/11/2026 10:00",
        "2026-11-24 25:00",
        "2026-11-24 10:00+99:00",
        "9999-99-99 10:00",
        "0001-01-01 00:00",
    ],
)
def test_other_ways_are_told_how(text):
    with pytest.raises(moments.Unclear):
        moments.read(text, None, MINSK)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_fields_may_be_parted_by_commas_semicolons_or_tabs_with_a_mark_before_them_or_none(mark, bom):
    rows = [["Channel", "moment", "STORY", "Content warning", "mood"], ["masto", "next", "site:1", "a; b, c", "glad"]]
    text = "\r\n".join(mark.join(f'"{field}"' for field in row) for row in rows)
    read = sheets.read(bom + text.encode())
    said = {"channel": "masto", "moment": "next", "story": "site:1", "content_warning": "a; b, c"}
    assert [dict(line.said) for line in read.lines] == [said]
    assert read.ignored == ("mood",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The column “channel” is there not"),
        (b"channel,moment\nmasto,next", "The column “story” is there not"),
        (b"channel,moment,story,story\na,b,c,d", "The column “story” is there twice"),
        (b"channel,moment,story\n\n,,\n", "nothing below it"),
        ("channel,moment,story\nmasto,next,Чытальня".encode("cp1251"), "not UTF-8 (line 2)"),
        (b"channel,moment,story\nmasto,next,\0", "no CSV text"),
        (b'channel,moment,story\nmasto,next,"open\n\n', "Line 2 cannot be read"),
        (b"channel,moment,story\n" + b"a,b,c\n" * 2001, "2,001 rows; 2,000 are taken"),
        (b"x" * (2 * 1024 * 1024 + 1), "2 MB are taken"),
    ],
)
def test_a_file_that_cannot_be_taken_is_told_what_to_do(content, words):
    with pytest.raises(sheets.Unusable, match=r".") as told:
        sheets.read(content)
    assert words in str(told.value)


def test_lines_are_counted_as_an_editor_counts_them():
    content = b'channel,moment,story,text\nmasto,next,a,"one\ntwo"\n\nmasto,next,b,\n'
    assert [line.number for line in sheets.read(content).lines] == [2, 5]


def test_the_template_is_a_file_that_can_be_read():
    assert len(sheets.read(sheets.template().encode()).lines) == 2


def test_a_language_that_the_file_names_stays_when_the_story_is_planned_again(masto):
    content = file("masto;2026-11-24 10:00;site:0;;;be")
    assert bulk.plan(content, bulk.look(content).digest, None) == 1
    post = Post.objects.get()
    assert (post.language, post.edited) == ("be", True)
    planning.plan(post.story.articles.get(language="en"))
    assert Post.objects.get(channel=masto).language == "be"


def test_more_lines_ask_the_database_no_more(masto):
    def asked(*numbers):
        content = file(*(f"masto;2026-11-24 1{number}:00;site:{number}" for number in numbers))
        digest = bulk.look(content).digest
        with CaptureQueriesContext(connection) as questions:
            assert bulk.plan(content, digest, None) == len(numbers)
        return len(questions)

    assert asked(0) == asked(1, 2, 3, 4, 5)
