from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from dispatch import retrying

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@given(st.integers(1, 50), st.integers())
def test_a_retry_is_within_a_fifth_of_its_wait(attempts, seed):
    wait = retrying.MAIL_SCHEDULE[min(attempts, 6) - 1]
    moment = retrying.next_attempt(attempts, NOW, until=NOW + timedelta(days=3), chance=Random(seed))
    assert moment is not None
    assert wait * 0.8 <= moment - NOW <= wait * 1.2


@given(st.integers(1, 50), st.integers(0, 400), st.integers())
def test_no_retry_comes_after_the_end(attempts, minutes, seed):
    until = NOW + timedelta(minutes=minutes)
    moment = retrying.next_attempt(attempts, NOW, until=until, chance=Random(seed))
    assert moment is None or moment <= until
