"""Who has a page open is known to the others for half a minute, and to nobody afterwards."""

from datetime import timedelta

import newsroom
import pytest

from dispatch.accounts import presence
from dispatch.accounts.models import Presence

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return newsroom.person()


@pytest.fixture
def bob():
    return newsroom.person("editor", "Bob")


def test_each_sees_the_other_and_not_themselves(alice, bob):
    assert presence.here("story:1", alice) == []
    assert presence.here("story:1", bob) == [alice]
    assert presence.here("story:1", alice) == [bob]
    assert presence.here("edition:1", bob) == []
    assert Presence.objects.count() == 3


def test_who_is_silent_or_has_left_is_forgotten(alice, bob):
    presence.here("story:1", bob)
    Presence.objects.update(seen_at=Presence.objects.get().seen_at - presence.SILENCE - timedelta(seconds=1))
    assert presence.here("story:1", alice) == []
    presence.forget_old()
    assert [one.who for one in Presence.objects.all()] == [alice]
    presence.leave("story:1", alice)
    assert not Presence.objects.exists()
