"""How a story was taken: no reader is told of, nor a group so small that one could guess who."""

import re
from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dispatch.audience import leaving
from dispatch.audience.models import Subscription
from dispatch.delivery.models import Send
from dispatch.desk import feedback
from dispatch.social.models import Counted

pytestmark = pytest.mark.django_db
NUMBERS = st.integers(min_value=0, max_value=5000)


def told(text):
    """What a number as it is told says: the fewest and the most that it can be."""
    number = int(re.search(r"[\d,]+", text).group().replace(",", ""))
    return (0, number - 1) if text.startswith("fewer") else (number, number + feedback.STEP - 1)


@given(NUMBERS)
def test_a_number_is_true_and_told_in_steps(count):
    fewest, most = told(feedback.group(count))
    assert fewest <= count <= most
    assert most - fewest == feedback.STEP - 1
    assert (count >= feedback.STEP) or "fewer than 20" in feedback.group(count)


@given(NUMBERS, NUMBERS)
def test_two_numbers_taken_from_each_other_tell_of_no_small_group(whole, part):
    whole, part = max(whole, part), min(whole, part)
    (fewest, most), (least, highest) = told(feedback.group(whole)), told(feedback.group(part))
    smallest, largest = max(0, fewest - highest), most - least
    assert largest - smallest >= feedback.STEP - 1
    assert not (largest < feedback.STEP and smallest > 0)


@given(st.lists(NUMBERS, min_size=2, max_size=5))
def test_parts_taken_from_their_sum_tell_of_no_small_group(parts):
    """Accepted and bounced, taken from all: what is left over is never told nearer than to twenty."""
    whole = sum(parts)
    fewest, most = told(feedback.group(whole))
    ranges = [told(feedback.group(part)) for part in parts[1:]]
    smallest = fewest - sum(high for _, high in ranges)
    largest = most - sum(low for low, _ in ranges)
    assert largest - max(0, smallest) >= min(feedback.STEP - 1, largest)
    assert largest - smallest >= feedback.STEP - 1


@pytest.fixture
def send():
    newsroom.relay()
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=45)
    send = newsroom.send(office, newsroom.story("en"))
    Send.objects.update(started_at=timezone.now(), state="finished")
    for subscription in Subscription.objects.all()[:3]:
        leaving.leave(subscription)
    return send


def page_of(client, send):
    story = send.edition.stories.get().story_id
    return " ".join(client.get(f"/stories/{story}/feedback").content.decode().split())


def test_the_page_tells_no_number_exactly(client, send):
    newsroom.signed_in(client, "editor")
    page = page_of(client, send)
    cells = re.findall(r'<td data-label="[a-z ]+">((?:fewer than|at least) [\d,]+)', page)
    assert cells == ["at least 40", "fewer than 20", "fewer than 20", "fewer than 20"]
    assert "so far" in page
    assert not re.search(r"\b(45|3) readers?\b", page)


def test_who_left_later_is_not_counted(client, send):
    newsroom.signed_in(client, "editor")
    Send.objects.update(started_at=timezone.now() - timedelta(days=30))
    assert feedback.mailed(send.edition.stories.get().story)[0].is_over
    assert "so far" not in page_of(client, send)


def test_posts_tell_what_their_networks_show_everybody(client, send):
    newsroom.signed_in(client, "editor")
    story = send.edition.stories.get().story
    masto, silent = newsroom.channel(), newsroom.channel("telegram", "telegram")
    post = newsroom.post(masto, story)
    newsroom.post(silent, story)
    assert "It is asked an hour after it was posted." in page_of(client, send)
    Counted.objects.create(post=post, after=timedelta(hours=1), replies=2, likes=7, reposts=None)
    Counted.objects.create(post=post, after=timedelta(hours=6), why_not="the network failed (502)")
    page = page_of(client, send)
    assert 'data-label="likes">7</td>' in page
    assert 'data-label="reposts">–</td>' in page
    assert "This network does not tell." in page
    Counted.objects.filter(why_not="").delete()
    assert "The network failed (502)." in page_of(client, send)
    Counted.objects.update(why_not="LinkedIn tells few programs.")
    assert "LinkedIn tells few programs.<" in page_of(client, send)


def test_a_story_without_anything_says_so(client):
    newsroom.signed_in(client, "editor")
    page = client.get(f"/stories/{newsroom.story('en').pk}/feedback").content.decode()
    assert "No mail of it has left." in page
    assert "No post of it is out." in page
