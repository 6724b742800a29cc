"""LinkedIn has two doors, with two programs: one for pages that somebody administers, one for the person."""

from urllib.parse import parse_qs, urlsplit

import httpx
import newsroom
import pytest

from dispatch.local.networks import granting
from dispatch.local.networks import linkedin as stand_in
from dispatch.social import channels, connecting, doors, networks, programs
from dispatch.social.connecting import Visitor, Wish
from dispatch.social.doors.base import No
from dispatch.social.models import Channel

pytestmark = pytest.mark.django_db
BACK = "http://dispatch.test/channels/connect/back/linkedin"
THE_OLD_MIX = "openid profile w_member_social r_organization_admin w_organization_social"


@pytest.fixture
def alice():
    return Visitor(newsroom.person(), "a session")


@pytest.fixture
def place(standins, settings):
    """The stand-in's address, with the newsroom's two programs there."""
    settings.FETCH_ALLOW = ["127.0.0.1"]
    place = f"http://127.0.0.1:{standins.server_port}/linkedin"
    programs.keep("linkedin", programs.Program(place, "id", "secret"))
    programs.keep("linkedin person", programs.Program(place, granting.SELF_SERVE, "secret"))
    return place


@pytest.fixture
def go(place, alice):
    """go("page") signs in and comes back: a channel, or a choice."""

    def sign_in(name, wish=None):
        url = connecting.begin(doors.get("linkedin", name), {}, wish or Wish(), BACK, alice)
        address = urlsplit(httpx.get(f"{url}&answer=yes").headers["location"])
        said = {key: values[0] for key, values in parse_qs(address.query).items()}
        return connecting.finish("linkedin", said, alice)

    return sign_in


@pytest.fixture
def office(go, alice):
    return connecting.choose("linkedin", go("page").token, 0, alice)


def ways(channel):
    return [door.way.name for door in connecting.again(channel)]


def test_of_the_pages_that_somebody_administers_one_is_chosen(go, alice):
    choice = go("page")
    assert choice.names == ("Office", "Office, culture")
    channel = connecting.choose("linkedin", choice.token, 0, alice)
    assert (channel.account, channel.identity) == ("Office", stand_in.AUTHOR)
    assert channels.opened(channel)["author"] == stand_in.AUTHOR
    assert channels.opened(channel)["client_id"] == "id"
    assert channels.probe(channel).ok
    assert networks.get("linkedin").limits(channels.unopened(channel)).comments


def test_a_person_connects_their_own_profile_with_the_other_program(go):
    channel = go("person")
    assert (channel.account, channel.identity) == ("Alice", "urn:li:person:alice")
    assert channels.opened(channel)["client_id"] == granting.SELF_SERVE
    assert channels.probe(channel).ok
    assert not networks.get("linkedin").limits(channels.unopened(channel)).comments


def test_a_channel_is_connected_again_by_the_door_of_its_kind(go, office):
    assert ways(office) == ["page"]
    again = go("page", Wish(channel=office.pk))
    assert (again.pk, again.identity) == (office.pk, stand_in.AUTHOR)
    assert ways(go("person")) == ["person"]
    assert Channel.objects.count() == 2


def test_a_channel_that_was_connected_at_a_terminal_tells_by_its_author(connect):
    page = connect("linkedin")
    assert (page.identity, ways(page)) == ("", ["page"])
    Channel.objects.update(credentials=channels.sealed("linkedin", {"author": "urn:li:person:alice"}))
    assert ways(Channel.objects.get()) == ["person"]


def test_of_a_channel_that_nobody_can_open_both_doors_stay_open(connect):
    connect("linkedin")
    Channel.objects.update(credentials=b"sealed with a lost key")
    assert ways(Channel.objects.get()) == ["page", "person"]


def test_other_networks_are_connected_again_by_any_of_their_doors(connect):
    assert ways(connect("bluesky")) == ["oauth", "password"]


@pytest.mark.parametrize(("name", "place_of"), [("page", "linkedin"), ("person", "linkedin person")])
def test_the_program_of_the_other_kind_is_refused_and_told(go, place, name, place_of):
    other = "id" if name == "person" else granting.SELF_SERVE
    programs.keep(place_of, programs.Program(place, other, "secret"))
    with pytest.raises(No, match=r"not authorized for your application\. Give the newsroom's program there all"):
        go(name)
    assert not Channel.objects.exists()


@pytest.mark.parametrize("program", ["id", granting.SELF_SERVE])
def test_no_program_may_have_what_pages_and_persons_need_together(program):
    assert granting.refused("linkedin", program, THE_OLD_MIX)["error"] == "unauthorized_scope_error"


def test_each_way_asks_for_a_program_of_its_own(alice):
    programs.keep("linkedin", programs.Program("", "id", "secret"))
    with pytest.raises(No, match="an operator registers one first"):
        connecting.begin(doors.get("linkedin", "person"), {}, Wish(), BACK, alice)


def test_who_administers_no_page_is_told(go, monkeypatch):
    monkeypatch.setattr("dispatch.local.networks.signing_in._administered", lambda _: stand_in.Answer({"elements": []}))
    with pytest.raises(No, match="LinkedIn shows no page that you administer"):
        go("page")


def test_a_way_back_to_a_door_that_is_no_more_is_over(alice):
    connecting._keep("out linkedin", "a-state", {"door": "oauth", "redirect": BACK, "kept": {}, "wish": {}}, alice)
    with pytest.raises(No, match="This way back is over"):
        connecting.finish("linkedin", {"state": "a-state", "code": "c"}, alice)


def test_a_permission_is_given_for_sixty_days(office):
    assert channels.opened(office)["expires_at"] == office.expires_at.isoformat()
