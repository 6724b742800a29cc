"""What networks say is left of their allowances is kept with the channel, and what they do not say is not made up."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.social import channels
from dispatch.social.networks import allowances, graph
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
        ("facebook", "percent of an hour’s calls", 93, None),
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
@pytest.mark.parametrize("network", ["linkedin", "telegram", "apprise"])
def test_a_network_that_does_not_say_shows_nothing(connect, network):
    channel = connect(network)
    assert channels.probe(channel).ok
    assert allowances.kept(channel.limits) == []


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.builds(Allowance, st.text(min_size=1), st.integers(0), MOMENTS), unique_by=lambda one: one.name))
def test_what_is_kept_is_what_was_said(said):
    assert allowances.kept(allowances.known(*said)) == sorted(said, key=lambda one: one.name)


@pytest.mark.parametrize("said", [{}, {"left": 3}, {"left": {"posts": 3}}, {"left": {"posts": {"count": "3"}}}])
def test_what_is_in_another_shape_is_left_out(said):
    assert allowances.kept(said) == []


@pytest.mark.parametrize("count", ["", "many", "-1", "1.5"])
def test_a_header_that_is_no_number_says_nothing(count):
    assert allowances.of_headers("posts", {"remaining": count}, "remaining", "reset") is None


ONCE_MANY_CALLS_WERE_MADE = [
    # developers.facebook.com/docs/graph-api/overview/rate-limiting: its own examples' names, "Platform Rate Limits" and
    # "Business Use Case Rate Limits".
    ({"x-app-usage": '{"call_count": 28, "total_time": 25, "total_cputime": 25}'}, 72),
    ({"x-business-use-case-usage": '{"7": [{"type": "pages", "call_count": 100, "total_cputime": 25}]}'}, 0),
    ({"x-business-use-case-usage": '{"7": [{"call_count": 1}], "8": [{"total_time": 40}]}'}, 60),
    ({"x-business-use-case-usage": "{}", "x-app-usage": '{"call_count": 5}'}, 95),
]


@pytest.mark.parametrize(("headers", "count"), ONCE_MANY_CALLS_WERE_MADE)
def test_meta_tells_how_much_of_an_hour_is_used_and_the_fullest_share_counts(headers, count):
    left = graph.left(headers)
    assert left is not None
    assert (left.count, left.until) == (count, None)


def test_meta_tells_in_minutes_when_a_page_is_let_in_again():
    use = '{"7": [{"call_count": 100, "estimated_time_to_regain_access": 19}]}'
    left = graph.left({"x-business-use-case-usage": use})
    assert left is not None
    assert left.until is not None
    assert timedelta(minutes=18) < left.until - timezone.now() <= timedelta(minutes=19)


@pytest.mark.parametrize("said", ["", "[]", "{", '{"7": 3}', '{"7": [3]}', '{"call_count": "many"}'])
def test_a_use_that_cannot_be_read_says_nothing(said):
    assert graph.left({"x-business-use-case-usage": said}) is None
    assert graph.left({"x-app-usage": said}) is None
