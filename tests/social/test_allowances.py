"""What networks say is left of their allowances is kept with the channel, and what they do not say is not made up."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dispatch.social import channels
from dispatch.social.networks import allowances
from dispatch.social.networks.allowances import Allowance

MOMENTS = st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("network", "name", "count", "ends"),
    [
        ("x", "questions about the account in 15 minutes", 74, timedelta(minutes=15)),
        ("mastodon", "requests in 5 minutes", 299, timedelta(minutes=5)),
        ("bluesky", "requests in 5 minutes", 2999, timedelta(minutes=5)),
        ("instagram", "posts in 24 hours", 50_000, None),
        ("threads", "posts in 24 hours", 250, None),
    ],
)
def test_a_probe_keeps_what_is_left_and_until_when(connect, network, name, count, ends):
    channel = connect(network)
    assert channels.probe(channel).ok
    (left,) = allowances.kept(channel.limits)
    assert (left.name, left.count) == (name, count)
    if ends is None:
        assert left.until is None
    else:
        assert left.until
        assert timezone.now() - ends < left.until <= timezone.now() + ends + timedelta(seconds=2)


@pytest.mark.django_db
@pytest.mark.parametrize("network", ["facebook", "linkedin", "telegram", "apprise"])
def test_a_network_that_does_not_say_shows_nothing(connect, network):
    channel = connect(network)
    assert channels.probe(channel).ok
    assert allowances.kept(channel.limits) == []


@given(st.lists(st.builds(Allowance, st.text(min_size=1), st.integers(0), MOMENTS), unique_by=lambda one: one.name))
def test_what_is_kept_is_what_was_said(said):
    assert allowances.kept(allowances.known(*said)) == sorted(said, key=lambda one: one.name)


@pytest.mark.parametrize("said", [{}, {"left": 3}, {"left": {"posts": 3}}, {"left": {"posts": {"count": "3"}}}])
def test_what_is_in_another_shape_is_left_out(said):
    assert allowances.kept(said) == []


@pytest.mark.parametrize("count", ["", "many", "-1", "1.5"])
def test_a_header_that_is_no_number_says_nothing(count):
    assert allowances.of_headers("posts", {"remaining": count}, "remaining", "reset") is None
