"""One post becomes a thread and one post again; parts come and go; what was tried stays where it is."""

import re

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.social import channels, drafting, planning, threads
from dispatch.social.models import Attempt, Channel, Post
from dispatch.social.networks.fake import LIMITS

pytestmark = pytest.mark.django_db
TEXTS = st.lists(
    st.text(alphabet="абв.!?…x", min_size=1, max_size=30), min_size=60, max_size=200
).map(" ".join)  # fmt: skip


@pytest.fixture
def post(make_article):
    channels.connect("fake", name="Fake", network="fake", credentials={})
    planning.plan(make_article())
    return drafting.locked(Post.objects.get().pk)


def parts():
    return list(Post.objects.order_by("place"))


def words(text):
    return "".join(text.split())


@given(TEXTS, st.booleans())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_word_is_there_in_the_parts_and_when_they_are_joined(post, text, numbered):
    Post.objects.filter(place__gt=0).delete()
    post.text = text
    if len(text) <= LIMITS.longest:
        with pytest.raises(threads.Undoable):
            threads.split(post, numbered=numbered)
        return
    threads.split(post, numbered=numbered)
    found = parts()
    assert [one.place for one in found] == list(range(len(found)))
    assert [one.follows for one in found] == [None, *found[:-1]]
    assert all(len(one.text) <= LIMITS.longest for one in found)
    said = [re.sub(r" \(\d+/\d+\)$", "", one.text) if numbered else one.text for one in found]
    assert words("".join(said)) == words(text)
    threads.join(post)
    assert parts() == [post]
    assert words(post.text) == words(text)


def test_parts_wait_as_the_first_does(post):
    post.text = "word " * 150
    threads.split(post)
    assert {one.state for one in parts()} == {"scheduled"}
    assert {one.due_at for one in parts()} == {post.due_at}


def test_a_part_is_put_between_two_and_taken_out_again(post):
    threads.add(post)
    threads.add(post)
    first, between, last = parts()
    assert (between.follows, last.follows) == (first, between)
    threads.remove(drafting.locked(between.pk))
    last.refresh_from_db()
    assert last.follows == first
    with pytest.raises(threads.Undoable, match="The first part stays"):
        threads.remove(post)


def test_the_first_comment_stays_at_the_end_and_is_not_joined(post):
    threads.comment(post)
    threads.add(post)
    first, part, comment = parts()
    assert threads.is_comment(comment)
    assert comment.follows == part
    with pytest.raises(threads.Undoable, match="a first comment already"):
        threads.comment(post)
    threads.join(first)
    comment.refresh_from_db()
    assert comment.follows == first


def test_what_was_tried_is_not_moved_or_joined(post):
    threads.add(post)
    later = parts()[1]
    Attempt.objects.create(post=later, number=1, key="k", started_at=timezone.now(), outcome="refused")
    for act in (threads.add, threads.join):
        with pytest.raises(threads.Undoable, match="was tried already"):
            act(post)
    assert len(parts()) == 2


def test_a_network_without_threads_takes_none(post):
    Channel.objects.update(network="x")
    one = drafting.locked(post.pk)
    for act in (threads.split, threads.add, threads.comment):
        with pytest.raises(threads.Undoable, match=r"This (network|channel) takes no"):
            act(one)


def test_what_would_be_endless_is_refused(post):
    post.text = "word " * 3000
    with pytest.raises(threads.Undoable, match="at most"):
        threads.split(post)
    assert parts() == [post]
