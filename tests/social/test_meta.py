"""Facebook, Instagram and Threads in depth, over real HTTP to their stand-ins."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from pictures import jpeg

from dispatch.local.networks import facebook as page
from dispatch.local.networks import meta
from dispatch.outcomes import Deferred, Refused, Sent, Unknown
from dispatch.social import channels, counting, networks
from dispatch.social.models import Channel
from dispatch.social.networks import graph, naming
from dispatch.social.networks.base import (
    Account,
    CannotTell,
    Counts,
    Draft,
    Found,
    NotAllowed,
    NotFound,
    Picture,
    Renewed,
    Unsupported,
)

pytestmark = pytest.mark.django_db
LINK = "https://office.example.org/be/1"
META = pytest.mark.parametrize("name", ["facebook", "instagram", "threads"])


def draft(text="Навіны", **more):
    said = {"text": f"{text} {LINK}", "link": LINK, "language": "be", "created_at": datetime.now(UTC)}
    return Draft(**said | more)


def picture(alt="Alice reads by the window", **more):
    content = jpeg()
    return Picture(
        kind="image/jpeg", width=60, height=60, alt=alt, content=content, url=f"{settings.PUBLIC_URL}/1", **more
    )


@pytest.fixture
def reach(connect):
    """reach("facebook") is the network and an account there; `keys` as further credentials."""

    def at(name, **keys):
        known = channels.account(connect(name))
        return networks.get(name), replace(known, credentials={**known.credentials, **keys})

    return at


def prepared(network, account, what):
    put = network.prepare(what, account)
    assert not isinstance(put, Deferred | Refused), put
    return replace(what, prepared=put)


def publish(network, account, what):
    assert network.check(what, account) == []
    outcome = network.publish(prepared(network, account, what), account)
    assert isinstance(outcome, Sent), outcome
    return outcome


@META
@pytest.mark.parametrize("count", [1, 3])
def test_pictures_arrive_in_their_order_with_what_is_said_of_them(name, count, reach, standins):
    network, account = reach(name)
    shown = tuple(picture(f"Alice reads, {number}") for number in range(count))
    publish(network, account, draft(media=shown))
    kept = [one for one in standins.store.pictures(name) if one.kind == "photo"]
    assert [one.alt for one in kept] == [one.alt for one in shown]
    assert kept[0].content == jpeg()


@META
def test_a_first_comment_is_found_again_and_taken_back(name, reach, standins):
    network, account = reach(name)
    first = publish(network, account, draft(media=(picture(),)))
    said = prepared(network, account, Draft(
        text="Чытайце", link="", language="be", created_at=datetime.now(UTC), reply_to=first.remote_id,
        settings={"is_comment": True},
    ))  # fmt: skip
    assert network.check(said, account) == []
    assert network.find(said, account) == NotFound()
    comment = network.publish(said, account)
    assert isinstance(comment, Sent)
    look = network.find(said, account)
    assert isinstance(look, Found)
    assert look.remote_id == comment.remote_id
    assert isinstance(network.delete(comment.remote_id, account), Sent)
    assert len(standins.store.posts(name)) == 1


@pytest.mark.parametrize(("name", "reposts"), [("facebook", 0), ("instagram", None), ("threads", 0)])
def test_what_everybody_sees_of_a_post_is_counted(name, reposts, reach, standins):
    network, account = reach(name)
    first = publish(network, account, draft(media=(picture(),)))
    assert network.counts(first.remote_id, account) == Counts(0, 0, reposts)
    reply = prepared(network, account, Draft(
        text="More on this", link="", language="en", created_at=datetime.now(UTC), reply_to=first.remote_id,
        settings={"is_comment": True},
    ))  # fmt: skip
    assert isinstance(network.publish(reply, account), Sent)
    assert network.counts(first.remote_id, account) == Counts(1, 0, reposts)
    assert isinstance(network.counts("0", account), CannotTell)


def test_threads_without_the_permission_for_insights_posts_and_tells_no_numbers(reach):
    network, account = reach("threads", access_token=meta.NARROW)
    sent = publish(network, account, draft())
    refused = network.counts(sent.remote_id, account)
    assert isinstance(refused, NotAllowed)
    assert "does not have permission" in refused.reason
    assert network.probe(account).ok


@pytest.mark.parametrize("code", [10, 200, 283])
def test_only_a_missing_permission_is_the_same_for_every_post(code):
    refused = graph.Failed(403, meta.problem(code, "no").body["error"], {})
    assert graph.untold(refused) == NotAllowed("no")
    for other in (4, 100, 190):
        said = graph.untold(graph.Failed(400, meta.problem(other, "no").body["error"], {}))
        assert said == CannotTell("no")


@pytest.mark.parametrize(
    "told", [{"data": []}, {"data": [{"name": "likes", "values": []}]}, {"data": {"likes": 3}}, {}]
)
def test_what_threads_says_without_a_number_is_none(told, reach, monkeypatch):
    network, account = reach("threads")
    monkeypatch.setattr(graph.Graph, "get", lambda *_, **__: told)
    assert isinstance(network.counts("1", account), CannotTell)


@META
def test_a_token_whose_time_is_over_is_named_in_the_networks_words(name, reach):
    network, account = reach(name, access_token=meta.EXPIRED)
    health = network.probe(account)
    assert (health.ok, "expired" in health.words) == (False, True)
    put = network.prepare(draft(media=(picture(),)), account)
    assert isinstance(put, Refused)
    assert put.code == "190"


@pytest.mark.parametrize(
    ("code", "more", "outcome"),
    [
        (4, {}, Deferred),
        (17, {}, Deferred),
        (32, {"is_transient": True}, Deferred),
        (613, {}, Deferred),
        (80002, {}, Deferred),
        (190, {"subcode": 463}, Refused),
        (200, {}, Refused),
        (368, {}, Refused),
        (100, {"is_transient": True}, Unknown),
        (2, {}, Unknown),
        (506, {}, Unknown),
    ],
)
def test_meta_s_codes_say_later_no_or_nobody_knows(code, more, outcome):
    answer = meta.problem(code, f"the words of {code}", **more)
    said = graph.outcome(graph.Failed(400, answer.body["error"], {}))
    assert isinstance(said, outcome)
    assert isinstance(said, Unknown) or said.code == str(code)
    assert isinstance(said, Unknown) or said.reason == f"the words of {code}"


def test_later_has_its_moment_where_meta_counts_minutes():
    use = {"100": [{"type": "pages", "estimated_time_to_regain_access": 19}, {"type": "pages"}]}
    until = graph.until({graph.USE: json.dumps(use)})
    assert timedelta(minutes=18) < until - datetime.now(UTC) <= timedelta(minutes=19)
    assert graph.until({graph.USE: "[]"}) is graph.until({}) is None


def test_a_post_of_a_page_is_edited_and_its_card_is_facebooks(reach, standins):
    network, account = reach("facebook")
    sent = publish(network, account, draft())
    assert naming.name("facebook", sent.url) == sent.remote_id
    assert naming.name("facebook", sent.url.replace("_", "/posts/")) == sent.remote_id
    assert standins.store.posts("facebook")[0].raw["link"] == LINK
    assert isinstance(network.edit(sent.remote_id, draft("Іншае"), account), Sent)
    assert standins.store.posts("facebook")[0].text == f"Іншае {LINK}"


def test_a_page_that_may_not_comment_says_so_when_asked_and_posts_all_the_same(reach):
    network, account = reach("facebook", access_token=meta.NARROW)
    health = network.probe(account)
    assert health.ok
    assert "without pages_manage_engagement, so first comments are refused until it is reconnected" in health.words
    sent = network.publish(draft(), account)
    assert isinstance(sent, Sent)
    assert isinstance(network.publish(draft(reply_to=sent.remote_id), account), Refused)
    network, account = reach("facebook")
    assert network.probe(account).words == "signed in as Office"


def test_a_token_of_another_page_cannot_post_here(reach):
    network, account = reach("facebook", page_id="1")
    assert "a Page token is needed" in network.probe(account).words


@pytest.mark.parametrize("name", ["instagram", "threads"])
def test_no_caption_is_edited(name, reach):
    network, account = reach(name)
    assert isinstance(network.edit("1", draft(), account), Unsupported)


def set_state(standins, name, state):
    standins.store.connection.execute("UPDATE pictures SET kind = ? WHERE kind <> 'photo'", (state,))


@pytest.mark.parametrize("name", ["instagram", "threads"])
def test_a_container_is_waited_for_and_its_failure_told(name, reach, standins):
    network, account = reach(name)
    ready = prepared(network, account, draft(media=(picture(),)))
    set_state(standins, name, "IN_PROGRESS")
    later = network.publish(ready, account)
    assert isinstance(later, Deferred)
    assert later.until > datetime.now(UTC)
    assert isinstance(network.find(ready, account), CannotTell)
    set_state(standins, name, "ERROR")
    failed = network.publish(ready, account)
    assert isinstance(failed, Refused)
    assert "could not make the post" in failed.reason
    set_state(standins, name, "FINISHED")
    assert isinstance(network.publish(ready, account), Sent)
    assert len(standins.store.posts(name)) == 1


@pytest.mark.parametrize("name", ["instagram", "threads"])
def test_what_is_out_but_not_listed_yet_is_out_all_the_same(name, reach, standins):
    network, account = reach(name)
    ready = prepared(network, account, draft(media=(picture(),)))
    network.publish(ready, account)
    standins.store.remove(standins.store.posts(name)[0].id)
    assert network.find(ready, account) == Found("", "")
    assert network.publish(ready, account) == Sent(evidence={"found": "PUBLISHED"})


def test_instagram_needs_a_picture_and_takes_so_many_hashtags(reach):
    network, account = reach("instagram")
    assert network.check(draft(), account) == ["a picture is needed here"]
    assert network.check(draft("#x " * 31, media=(picture(),)), account) == ["31 hashtags, 30 fit"]


def test_instagram_says_which_picture_it_could_not_fetch(reach):
    network, account = reach("instagram")
    put = network.prepare(draft(media=(replace(picture(), url="http://127.0.0.1:9/shown/x"),)), account)
    assert isinstance(put, Refused)
    assert "could not be fetched" in put.reason


@pytest.mark.parametrize(
    ("text", "length"), [("Навіны", 6), ("👍", 4), ("👩\u200d💻", 11), ("🇧🇾", 8), ("1️⃣ № …", 7 + 4)]
)
def test_threads_counts_an_emoji_by_its_bytes(text, length):
    assert counting.threads(text) == length


def test_threads_takes_five_links(reach):
    network, account = reach("threads")
    six = " ".join(f"https://example.org/{number}" for number in range(6))
    assert network.check(replace(draft(), text=six), account) == ["6 links, 5 fit"]


@pytest.mark.parametrize("name", ["instagram", "threads"])
def test_a_token_of_sixty_days_is_renewed_in_time(name, connect):
    channel = connect(name)
    soon = datetime.now(UTC) + timedelta(days=3)
    keys = {**channels.account(channel).credentials, "expires_at": soon.isoformat()}
    channels.connect(name, name=name, network=name, credentials=keys, server=channel.server)
    fresh = channels.ready(Channel.objects.get())
    assert isinstance(fresh, Account)
    assert fresh.credentials["access_token"] == "fresh"
    assert Channel.objects.get().expires_at - datetime.now(UTC) > timedelta(days=59)


def test_a_renewal_that_fails_keeps_the_token_that_still_lives(connect):
    channel = connect("threads")
    keys = {**channels.account(channel).credentials, "access_token": meta.EXPIRED}
    for days, kind in ((3, Account), (-1, Refused)):
        ends = datetime.now(UTC) + timedelta(days=days)
        keys["expires_at"] = ends.isoformat()
        channels.connect("threads", name="t", network="threads", credentials=keys, server=channel.server)
        assert isinstance(channels.ready(Channel.objects.get()), kind)


def test_a_page_token_is_renewed_by_its_users(reach):
    soon = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    keys = {"user_token": "u", "app_id": "1", "app_secret": "s", "expires_at": soon}
    network, account = reach("facebook", **keys)
    assert network.renews_at(account) < datetime.now(UTC)
    renewed = network.renew(account)
    assert isinstance(renewed, Renewed)
    assert renewed.credentials["access_token"] == "page-token"
    assert renewed.credentials["page_id"] == page.PAGE
    network, account = reach("facebook", **{**keys, "user_token": meta.EXPIRED})
    assert isinstance(network.renew(account), Refused)
