"""Two tabs come back at the same moment: whatever they bring, one account is one channel."""

import threading
from concurrent.futures import ThreadPoolExecutor

import newsroom
import pytest
from django.db import connection

from dispatch.social import admitting, connecting, networks
from dispatch.social.connecting import Visitor, Wish
from dispatch.social.doors.base import Identity, No
from dispatch.social.models import Channel

pytestmark = pytest.mark.django_db(transaction=True)
FOUND = Identity(key="1", account="@office", credentials={"token": "t"})


@pytest.fixture
def both():
    """both(act, act): at the same moment, each in a process of its own as far as the database sees; what came of each."""
    gate = threading.Barrier(2)

    def run(act):
        gate.wait(30)
        try:
            return act()
        except No as error:
            return str(error)
        finally:
            connection.close()

    def together(*acts):
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(run, acts))

    return together


def test_the_same_account_in_two_tabs_is_connected_once(both):
    alice = newsroom.person()
    networks.get("fake")
    told = both(*[lambda: admitting.keep("fake", FOUND, Wish(name="Ours"), alice)] * 2)
    assert Channel.objects.count() == 1
    assert sum("connected already" in str(one) for one in told) == 1


def test_two_accounts_of_one_name_are_two_channels(both):
    alice = newsroom.person()
    other = Identity(key="2", account="@other", credentials={"token": "t"})
    both(*[lambda one=one: admitting.keep("fake", one, Wish(name="Ours"), alice) for one in (FOUND, other)])
    assert {one.slug for one in Channel.objects.all()} == {"ours", "ours-2"}


def test_one_way_back_in_two_tabs_is_used_once(both):
    who = Visitor(newsroom.person(), "a session")
    connecting._keep("choice fake", "token", {"wish": {"name": "Ours"}, "found": [connecting._packed(FOUND)]}, who)
    told = both(*[lambda: connecting.choose("fake", "token", 0, who)] * 2)
    assert Channel.objects.count() == 1
    assert sum(str(one) == connecting.OVER for one in told) == 1
    assert sum(isinstance(one, Channel) for one in told) == 1
