"""Pictures, threads, warnings, edits: each network gets what it has a place for, in its own shape, over real HTTP."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import connected
import pytest
import requests
from PIL import Image

from dispatch.local.networks import bluesky as stand_in
from dispatch.outcomes import Deferred, Refused, Sent
from dispatch.social import channels, networks
from dispatch.social.models import Channel
from dispatch.social.networks import x
from dispatch.social.networks.base import Draft, Found, Picture, Unsupported

pytestmark = pytest.mark.django_db
LINK = "https://office.example.org/be/1"
FOUR = ("x", "mastodon", "bluesky", "telegram")


def picture(alt="Alice reads by the window", *, width=40, kind="JPEG"):
    out = io.BytesIO()
    Image.new("RGB", (width, 30), "teal").save(out, kind)
    return Picture(kind=f"image/{kind.lower()}", width=width, height=30, alt=alt, content=out.getvalue())


def draft(text="Навіны", *, link=LINK, **more):
    values = {
        "text": f"{text} {link}".strip(),
        "link": link,
        "language": "be",
        "key": text.encode().hex()[:40],
        "created_at": datetime.now(UTC),
    }
    return Draft(**values | more)


@pytest.fixture
def reach(connect):
    """reach("x") is the network and an account there; settings as the channel's."""

    def at(name, **settings):
        channel = connect(name)
        channel.settings = settings
        return networks.get(name), channels.account(channel)

    return at


def publish(network, account, what):
    assert network.check(what, account) == []
    prepared = network.prepare(what, account)
    assert not isinstance(prepared, Deferred | Refused), prepared
    ready = replace(what, prepared=prepared)
    outcome = network.publish(ready, account)
    assert isinstance(outcome, Sent), outcome
    return outcome, ready


@pytest.mark.parametrize("name", FOUR)
def test_pictures_arrive_whole_with_what_is_said_of_them(name, reach, standins):
    network, account = reach(name)
    shown = (picture(), picture("Bob laughs", kind="PNG"))
    publish(network, account, draft(media=shown))
    kept = standins.store.pictures(name)
    assert [one.content for one in kept] == [one.content for one in shown]
    if name in {"x", "mastodon"}:
        assert [one.alt for one in kept] == [one.alt for one in shown]
    assert len(standins.store.posts(name)) == 1


@pytest.mark.parametrize("name", FOUR)
def test_more_pictures_than_fit_and_pictures_without_words_are_seen_before(name, reach):
    network, account = reach(name)
    most = network.limits(account).pictures
    assert network.check(draft(media=(picture(),) * most), account) == []
    (problem,) = network.check(draft(media=(picture(),) * (most + 1)), account)
    assert problem == f"{most + 1} pictures, {most} fit"
    wordless = draft(media=(picture(alt=" "),))
    assert bool(network.check(wordless, account)) == (name != "telegram")
    relaxed = replace(account, settings={"alt_optional": True})
    assert network.check(wordless, relaxed) == []


@pytest.mark.parametrize("name", FOUR)
def test_a_part_replies_to_the_one_before_it_and_is_found_as_that_part(name, reach, standins):
    network, account = reach(name, threads=True)
    first, _ = publish(network, account, draft("First"))
    second, said = publish(network, account, draft("Second", reply_to=first.remote_id))
    third, last = publish(network, account, draft("Third", reply_to=second.remote_id))
    assert len({first.remote_id, second.remote_id, third.remote_id}) == 3
    if name != "telegram":
        looks = [network.find(each, account) for each in (draft("First"), said, last)]
        named = [look.remote_id for look in looks if isinstance(look, Found)]
        assert named[-2:] == [second.remote_id, third.remote_id]
    if name == "bluesky":
        reply = standins.store.posts(name)[0].raw["reply"]
        assert (reply["root"]["uri"], reply["parent"]["uri"]) == (first.remote_id, second.remote_id)


@pytest.mark.parametrize("name", ["mastodon", "bluesky"])
def test_what_a_part_would_reply_to_may_be_gone(name, reach):
    network, account = reach(name)
    first, _ = publish(network, account, draft("First"))
    network.delete(first.remote_id, account)
    lost = draft("Second", reply_to=first.remote_id)
    prepared = network.prepare(lost, account)
    outcome = prepared if isinstance(prepared, Refused) else network.publish(lost, account)
    assert isinstance(outcome, Refused), outcome


def test_x_takes_threads_only_where_the_newsroom_says_so(reach):
    network, account = reach("x")
    assert network.check(draft(reply_to="1"), account) == ["threads cannot be posted here"]


@pytest.mark.parametrize("name", connected.NETWORKS)
def test_what_can_be_edited_says_something_else_and_again_the_same(name, reach, standins):
    network, account = reach(name, edits=True)
    if not network.limits(account).edits:
        assert isinstance(network.edit("1", draft(), account), Unsupported)
        return
    sent, said = publish(network, account, draft("Wrong"))
    for _ in range(2):
        edited = network.edit(sent.remote_id, replace(said, text=f"Right {LINK}"), account)
        assert isinstance(edited, Sent), edited
    (post,) = standins.store.posts(name)
    assert post.text == f"Right {LINK}"
    assert isinstance(network.delete(edited.remote_id, account), Sent)
    assert standins.store.posts(name) == []


@pytest.mark.parametrize("name", FOUR)
def test_what_is_gone_already_is_deleted(name, reach):
    network, account = reach(name)
    sent, _ = publish(network, account, draft())
    for _ in range(2):
        assert isinstance(network.delete(sent.remote_id, account), Sent)


def test_x_edits_only_for_who_pays(reach):
    network, account = reach("x")
    assert not network.limits(account).edits
    assert isinstance(network.edit("1", draft(), account), Unsupported)


def test_a_content_warning_is_a_part_of_mastodons_text(reach, standins):
    network, account = reach("mastodon")
    publish(network, account, draft(content_warning="Photographs of a trial"))
    assert standins.store.posts("mastodon")[0].raw["warning"] == "Photographs of a trial"
    long = draft("й" * 470, link="", content_warning="w" * 31)
    assert network.check(long, account) == ["501 characters, 500 fit"]
    telegram, there = reach("telegram")
    assert telegram.check(draft(content_warning="w"), there) == ["there is no content warning here"]


def test_a_card_on_bluesky_has_its_picture_and_its_words_have_their_places(reach, standins):
    network, account = reach("bluesky")
    text = "👩\u200d👧 Дзякуй @alice.example.org і @nobody.example.org #чытальня, глядзіце"
    publish(network, account, draft(text, card=picture(), title="Навіны", summary="Што новага"))
    record = standins.store.posts("bluesky")[0].raw
    assert record["embed"]["external"]["thumb"]["size"] == len(picture().content)
    said = record["text"].encode()
    marked = [
        (
            said[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode(),
            one["features"][0]["$type"].partition("#")[2],
        )
        for one in record["facets"]
    ]
    assert marked == [("@alice.example.org", "mention"), ("#чытальня", "tag"), (LINK, "link")]


def test_telegram_sends_an_album_as_one_post_that_is_edited_and_deleted_whole(reach, standins):
    network, account = reach("telegram")
    album = draft("Тры здымкі", title="Тры", media=(picture(),) * 3, settings={"pin": True})
    sent, said = publish(network, account, album)
    assert len(sent.remote_id.split(",")) == 3
    assert sent.evidence == {"pinned": True}
    assert isinstance(network.edit(sent.remote_id, replace(said, text=f"Два {LINK}"), account), Sent)
    assert standins.store.posts("telegram")[0].text == f"Два {LINK}"
    assert isinstance(network.delete(sent.remote_id, account), Sent)


def test_a_caption_of_telegrams_is_shorter_than_a_text(reach):
    network, account = reach("telegram")
    long = draft("й" * 1100, link="")
    assert network.check(long, account) == []
    assert network.check(replace(long, media=(picture(),)), account) == ["1100 characters, 1024 fit beside pictures"]
    assert network.check(draft("#a " * 100, link=""), account) == ["100 links, mentions and hashtags, 100 fit"]


def test_a_session_of_blueskys_that_is_over_is_refreshed(reach):
    network, account = reach("bluesky")
    network.probe(account)
    (who,) = [known for known in network.sessions if known[0] == account.server]
    network.sessions[who] = replace(network.sessions[who], access=stand_in.OVER)
    publish(network, account, draft(media=(picture(),)))
    assert network.sessions[who].access == "r.r.r"


def test_xs_token_is_renewed_in_time_and_its_refresh_token_replaced_not_lost(connect, standins):
    channel = connect("x")
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    keys = {"oauth2_token": "t1", "refresh_token": "r1", "client_id": "c", "expires_at": soon}
    server = channel.server
    channel = channels.connect("x", name="x", network="x", credentials=keys, server=server)
    ready = channels.ready(channel)
    kept = channels.account(Channel.objects.get()).credentials
    assert (kept["oauth2_token"], kept["refresh_token"], ready.credentials) == ("t2", "r2", kept)
    assert channels.ready(channel).credentials == kept, "once is enough"


def test_a_refresh_token_that_x_does_not_know_keeps_what_is_there_and_says_so(connect, standins):
    server = connect("x").server
    keys = {
        "oauth2_token": "t1",
        "refresh_token": "worn",
        "client_id": "c",
        "expires_at": datetime.now(UTC).isoformat(),
    }
    channel = channels.connect("x", name="x", network="x", credentials=keys, server=server)
    assert isinstance(channels.ready(channel), Refused)
    assert channels.account(Channel.objects.get()).credentials == keys
    assert not channels.probe(channel).ok
    assert Channel.objects.get().trouble == "X does not renew the token"


@pytest.mark.parametrize(
    ("headers", "words", "expected"),
    [
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "1800000000"}, "", 1_800_000_000),
        (
            {
                "x-rate-limit-remaining": "3",
                "x-rate-limit-reset": "1800000000",
                "x-user-limit-24hour-remaining": "0",
                "x-user-limit-24hour-reset": "1800050000",
            },
            "",
            1_800_050_000,
        ),
        ({}, "https://api.twitter.com/2/problems/usage-capped: Monthly product cap", None),
    ],
)
def test_xs_many_ways_of_saying_later(headers, words, expected):
    response = requests.Response()
    response.status_code, response._content = 429, words.encode()
    response.headers.update(headers)
    later = x._later(response)
    if expected is None:
        assert isinstance(later, Refused)
    else:
        assert int(later.until.timestamp()) == expected


def test_a_film_that_mastodon_still_makes_is_waited_for(reach, standins):
    network, account = reach("mastodon")
    moving = draft(media=(picture(kind="GIF"),))
    ready = replace(moving, prepared=network.prepare(moving, account))
    assert isinstance(network.publish(ready, account), Deferred)
    assert isinstance(network.publish(ready, account), Sent)
    assert len(standins.store.posts("mastodon")) == 1
