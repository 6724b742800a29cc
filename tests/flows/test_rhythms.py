"""Whatever happens to articles, translations, wishes and clocks: each reader is told each story once."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
import readership
import time_machine
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch import queue
from dispatch.articles.models import Article
from dispatch.audience.models import Rhythm, Subscriber, Subscription
from dispatch.delivery import forgetting, personalizing
from dispatch.delivery.models import Send
from dispatch.editions import planning, slots
from dispatch.editions.models import Edition, Variant

SPRING = datetime(
    2026, 3, 26, 5, 0, tzinfo=UTC
)  # the clocks of Europe jump on the 29th, those of Lord Howe on April 5th
NONE = {"hour": None, "zone": "", "discreet": False, "most_a_day": None}

pytestmark = pytest.mark.django_db

wishes = st.fixed_dictionaries({
    "frequency": st.sampled_from(["", "each", "daily", "weekly"]),
    "hour": st.sampled_from([None, 1, 2, 8, 23]),
    "zone": st.sampled_from(["", "Europe/Vilnius", "Europe/Lisbon", "Australia/Lord_Howe", "America/St_Johns"]),
    "discreet": st.booleans(),
    "most_a_day": st.sampled_from([None, None, 1, 2]),
})  # fmt: skip
acts = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.sampled_from(readership.LANGUAGES), st.just("Rights")),
        st.tuples(st.just("translate"), st.integers(0, 5), st.sampled_from(readership.LANGUAGES)),
        st.tuples(st.just("wish"), st.sampled_from(list(readership.SPOKEN)), wishes),
        st.tuples(st.just("pass"), st.integers(1, 40), st.just(0)),
        st.tuples(
            st.just("stop"),
            st.lists(st.sampled_from(["sent", "in doubt", "untouched"]), min_size=1, max_size=3),
            st.just(0),
        ),
    ),
    min_size=4,
    max_size=24,
)


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    monkeypatch.setattr(queue, "enqueue", lambda task, *ids: None)


@pytest.fixture
def clock():
    with time_machine.travel(SPRING, tick=False) as clock:
        yield clock


@pytest.mark.parametrize("cadence", ["each", pytest.param("daily", marks=pytest.mark.long)])
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=acts, patience=st.sampled_from([0, 6]))
def test_each_reader_is_told_each_story_once(cadence, acts, patience):
    with time_machine.travel(SPRING, tick=False) as clock:
        newsroom = readership.Newsroom(cadence, patience)
        for act, first, second in acts:
            if act == "pass":
                newsroom.pass_hours(clock, first)
            elif act == "stop":
                newsroom.stop(first)
            else:
                getattr(newsroom, act)(first, second)
                newsroom.settle()
        newsroom.publish("be", "Rights")  # what was cancelled comes with the next letter
        for language in ("en", "ru"):
            newsroom.tell(newsroom.stories[-1], language, "Rights")
        newsroom.settle()
        newsroom.pass_hours(clock, 10 * 24)
        for name, reader in newsroom.cast.items():
            told = newsroom.told(reader)
            assert max(told.values(), default=0) <= 1
            published = Article.objects.filter(language__in=readership.SPOKEN[name], story__in=newsroom.stories)
            assert set(told) >= set(published.values_list("story", flat=True))


def test_a_digest_comes_at_the_readers_own_hour_also_when_the_clocks_jump(clock):
    newsroom = readership.Newsroom("each")
    newsroom.wish("alice", {"frequency": "daily", "hour": 7, "zone": "Europe/Vilnius"})
    for _ in range(5):
        newsroom.publish("en", "Rights")
        newsroom.pass_hours(clock, 24)
    moments = [letter.edition.due_at.isoformat() for letter in newsroom.letters("alice")]
    assert moments == [
        "2026-03-27T05:00:00+00:00", "2026-03-28T05:00:00+00:00", "2026-03-29T04:00:00+00:00",
        "2026-03-30T04:00:00+00:00", "2026-03-31T04:00:00+00:00",
    ]  # fmt: skip


def test_a_translation_has_its_time_before_the_second_language_comes_labelled(clock):
    newsroom = readership.Newsroom("each", patience=6)
    newsroom.wish("bob", {})  # Russian, else Belarusian
    newsroom.publish("be", "Rights")
    newsroom.publish("be", "Rights")
    newsroom.settle()
    newsroom.pass_hours(clock, 5)
    assert newsroom.letters("bob") == []
    newsroom.translate(0, "ru")
    newsroom.pass_hours(clock, 3)
    first, second = newsroom.letters("bob")
    assert (first.telling, second.telling) == (["1/ru"], ["2/be"])
    assert second.edition.due_at == SPRING + timedelta(hours=6)
    assert "Беларуская" in second.text


def test_what_is_too_much_for_a_day_comes_in_one_letter_the_next_morning(clock):
    newsroom = readership.Newsroom("each")
    newsroom.wish("alice", {"most_a_day": 1})
    for _ in range(3):
        newsroom.publish("en", "Rights")
        newsroom.pass_hours(clock, 1)
    assert [letter.telling for letter in newsroom.letters("alice")] == [["1/en"]]
    newsroom.pass_hours(clock, 24)
    assert [letter.telling for letter in newsroom.letters("alice")] == [["1/en"], ["2/en", "3/en"]]


def test_what_waited_for_a_digest_comes_at_once_to_who_wants_each_article(clock):
    newsroom = readership.Newsroom("daily")
    newsroom.wish("alice", {"frequency": "weekly", "hour": 7})
    newsroom.publish("en", "Rights")
    newsroom.pass_hours(clock, 2)
    assert newsroom.letters("alice") == []
    newsroom.wish("alice", {"frequency": "each"})
    newsroom.settle()
    assert [letter.telling for letter in newsroom.letters("alice")] == [["1/en"]]


def test_readers_who_are_owed_the_same_share_a_variant_and_topics_choose(clock):
    newsroom = readership.Newsroom("each")
    for name in ("alice", "bob", "charlie"):
        newsroom.wish(name, {"frequency": "daily", "hour": 9, "topics": ("Rights",) if name == "alice" else ()})
    newsroom.publish("en", "Rights")
    newsroom.tell(newsroom.stories[0], "be", "Rights")
    newsroom.publish("be", "Culture")
    newsroom.pass_hours(clock, 24)
    edition = Edition.objects.get(slot__startswith="own:")
    assert sorted(edition.variants.values_list("language", "telling")) == [
        ("be", ["1/be", "2/be"]), ("en", ["1/en"]), ("ru", ["1/be", "2/be"])
    ]  # fmt: skip


def test_a_week_later_of_each_language_the_letter_that_the_web_shows_is_kept_and_proof_of_the_others(clock):
    newsroom = readership.Newsroom("each")
    for name in readership.SPOKEN:
        newsroom.wish(name, {"frequency": "daily", "hour": 9, "topics": ("Rights",) if name == "charlie" else ()})
    newsroom.wish("bob", {"frequency": "daily", "hour": 9, "discreet": True})
    newsroom.publish("be", "Rights")
    newsroom.publish("be", "Culture")
    Subscription.objects.filter(subscriber=newsroom.cast["alice"]).update(language="be")
    newsroom.pass_hours(clock, 24)
    hashes = {bytes(one.hash) for one in Variant.objects.all()}
    Send.objects.update(state="finished", finished_at=SPRING - timedelta(days=365))
    while forgetting.begin():
        pass
    own = Variant.objects.filter(edition__slot__startswith="own:")
    kept = {(one.language, one.discreet, len(one.telling)): bool(one.text) for one in own}
    assert kept == {("be", False, 2): True, ("be", False, 1): False, ("ru", True, 2): False}
    assert {bytes(one.hash) for one in Variant.objects.all()} == hashes


def test_a_later_departure_has_the_same_variant_with_links_of_its_own(clock):
    newsroom = readership.Newsroom("each")
    newsroom.wish("alice", {"frequency": "daily", "hour": 9, "zone": "Europe/Vilnius"})
    newsroom.publish("en", "Rights")
    newsroom.pass_hours(clock, 2)
    clock.shift(60)
    hers = Rhythm.objects.filter(subscription__subscriber=newsroom.cast["alice"])
    hers.update(told_to=0, due_at=timezone.now())  # as if she were somebody else, a minute later
    newsroom.settle()
    first, second = newsroom.letters("alice")
    assert first.nonce != second.nonce
    assert slots.count(second.html, second.nonce) == slots.count(first.html, first.nonce)
    assert first.edition.public_id not in second.html + second.text
    assert second.edition.public_id in second.html
    assert second.html.replace(second.nonce, first.nonce) == first.html.replace(
        first.edition.public_id, second.edition.public_id
    )


def test_a_letter_without_anything_in_it_is_not_sent(clock):
    newsroom = readership.Newsroom("each")
    newsroom.wish("alice", {"frequency": "daily", "hour": 9})
    newsroom.pass_hours(clock, 72)
    assert not Send.objects.exists()
    assert not Edition.objects.exists()


def test_what_comes_in_a_pause_passes_by(clock):
    newsroom = readership.Newsroom("each")
    newsroom.wish("alice", {"frequency": "daily", "hour": 9, "weeks": 1})
    newsroom.publish("en", "Rights")
    newsroom.pass_hours(clock, 8 * 24)
    newsroom.publish("en", "Rights")
    newsroom.pass_hours(clock, 24)
    assert [letter.telling for letter in newsroom.letters("alice")] == [["2/en"]]


def test_who_changes_their_mind_before_their_letter_is_frozen_gets_nothing_twice(clock):
    newsroom = readership.Newsroom("each")
    newsroom.wish("alice", {"frequency": "daily", "hour": 9})
    newsroom.publish("en", "Rights")
    Rhythm.objects.update(due_at=timezone.now())
    newsroom.settle()
    newsroom.wish("alice", NONE)
    newsroom.pass_hours(clock, 48)
    newsroom.publish("en", "Rights")
    newsroom.pass_hours(clock, 48)
    assert newsroom.told(newsroom.cast["alice"]) == dict.fromkeys([one.pk for one in newsroom.stories], 1)
    assert not Rhythm.objects.filter(subscription__subscriber=newsroom.cast["alice"]).exists()


def test_a_digest_that_is_sent_now_takes_along_who_keeps_to_its_hour(clock):
    newsroom = readership.Newsroom("daily")
    newsroom.wish("charlie", {"frequency": "daily", "hour": 21})
    newsroom.publish("be", "Rights")
    newsroom.settle()
    planning.send_now(Edition.objects.get(newsletter=newsroom.newsletter, state="gathering").pk)
    newsroom.settle()
    assert {name: len(newsroom.letters(name)) for name in newsroom.cast} == {"alice": 0, "bob": 1, "charlie": 0}
    newsroom.pass_hours(clock, 48)
    assert [sum(newsroom.told(newsroom.cast[name]).values()) for name in ("bob", "charlie")] == [1, 1]


def test_a_discreet_letter_says_nothing_of_itself(clock, settings):
    settings.DISCREET_URL = "https://post.example.net"
    newsroom = readership.Newsroom("each")
    newsroom.newsletter.discreet_address = "mail@example.net"
    newsroom.wish("alice", {"discreet": True})
    newsroom.publish("en", "Rights")
    newsroom.settle()
    (variant,) = newsroom.letters("alice")
    compiled = personalizing.compile_variant(variant, newsroom.newsletter, 1, SPRING)
    head, body = personalizing.fill(compiled, personalizing.Reader(1, "alice@example.org", "Alice", bytes(8)))
    letter = message_from_bytes(head + b"".join(body), policy=policy.default)
    assert (letter["From"], letter["Subject"]) == ("mail@example.net", "Letter of 26 March 2026")
    assert letter.get_content_type() == "text/plain"
    assert not {"List-Id", "Feedback-ID", "Reply-To"} & set(letter)
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["List-Unsubscribe"].startswith("<https://post.example.net/leave/")
    assert letter.get_content().count("https://post.example.net/") == 2
    assert not [word for word in ("Office", "dispatch.test", "news@") if word in letter.as_string()]
    assert "A story\n\nB." in "\n".join(letter.get_content().splitlines())
    assert Variant.objects.filter(discreet=True, html="").count() == 1
    assert Subscriber.objects.count() == 3
