"""What every network must keep, over real HTTP to a stand-in: one post, every outcome told, nothing published twice."""

import base64
import time
from dataclasses import replace
from datetime import UTC, datetime

import connected
import pictures
import pytest
from django.conf import settings

from dispatch.local.networks.server import Answer
from dispatch.outcomes import Deferred, Refused, Sent, Unknown
from dispatch.social import channels, networks
from dispatch.social.networks.base import CannotTell, Draft, Found, NotFound, Picture, Unsupported

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("name", connected.NETWORKS)]


NOW = datetime.now(UTC)


def draft(text="Навіны Офіса — new", **changes):
    link = "https://office.example.org/en/1"
    values = {"text": f"{text}\n\n{link}", "link": link, "language": "be", "title": text, "key": "k" * 40}
    return Draft(**(values | {"created_at": NOW} | changes))


class Driven:
    """A network as publishing drives it: the picture that it cannot go without, prepared first, then published."""

    def __init__(self, name):
        self.network = networks.get(name)

    def __getattr__(self, name):
        return getattr(self.network, name)

    def ready(self, draft, account):
        """A draft with its picture and what was prepared; or why it cannot go."""
        if self.network.limits(account).pictures_needed:
            shown = Picture(kind="image/jpeg", width=60, height=60, alt="Alice reads", content=pictures.JPEG)
            draft = replace(draft, media=(replace(shown, url=f"{settings.PUBLIC_URL}/shown/1"),))
        put = self.network.prepare(draft, account)
        return put if isinstance(put, Deferred | Refused) else replace(draft, prepared=put)

    def publish(self, draft, account):
        prepared = draft if draft.prepared else self.ready(draft, account)
        return self.network.publish(prepared, account) if isinstance(prepared, Draft) else prepared


@pytest.fixture
def network(name):
    return Driven(name)


@pytest.fixture
def account(name, connect):
    return channels.account(connect(name))


def test_a_draft_is_published_once_with_its_link(name, network, account, standins):
    outcome = network.publish(draft(), account)
    assert isinstance(outcome, Sent), outcome
    assert outcome.remote_id or name == "apprise", "Apprise tells no names"
    (post,) = standins.store.posts(name)
    assert post.text == draft().text
    assert post.link == draft().link


def test_an_account_is_probed(name, network, account):
    assert network.probe(account).ok


def test_a_text_that_is_too_long_is_seen_before_it_is_sent(name, network, account):
    long = draft(text="Навіны " * 10_000)
    assert network.check(long, account)
    assert isinstance(network.publish(long, account), Refused)


def test_429_is_later_at_the_networks_own_moment(name, network, account, standins):
    standins.faults[name].append(("limit", 0))
    outcome = network.publish(draft(), account)
    assert isinstance(outcome, Deferred), outcome
    assert outcome.until is not None
    assert standins.store.posts(name) == []


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "fail_before", "fail_after", "duplicate"])
def test_a_lost_or_failed_answer_is_unknown(name, network, account, standins, fault):
    standins.faults[name].append((fault, 0))
    outcome = network.publish(draft(), account)
    knows = fault == "duplicate" and name in {"instagram", "threads"}  # the container says that it is out
    assert isinstance(outcome, Sent if knows else Unknown), outcome
    assert len(standins.store.posts(name)) == (0 if fault.endswith("before") else 1)


def test_no_answer_before_publishing_is_only_a_delay(name, network, account, standins):
    network.probe(account)
    standins.faults[name].append(("unprepared", 0))
    content = base64.b64decode("R0lGODlhAQABAAAAACwAAAAAAQABAAA7")
    shown = Picture(kind="image/gif", width=1, height=1, alt="A dot", content=content)
    put = network.prepare(draft(media=(shown,)), account)
    assert isinstance(put, Deferred) == (not standins.faults[name]), "asked for nothing, or told of a delay"
    assert standins.store.posts(name) == []


def test_what_is_out_is_found_and_what_is_not_is_not(name, network, account):
    ready = network.ready(draft(), account)
    assert isinstance(network.find(ready, account), NotFound | CannotTell)
    network.publish(ready, account)
    found = network.find(ready, account)
    assert isinstance(found, CannotTell if name in connected.BLIND else Found)


def test_where_a_repeat_is_safe_it_makes_no_second_post(name, network, account, standins):
    ready = network.ready(draft(), account)
    network.publish(ready, account)
    again = network.publish(ready, account)
    if network.replays(ready):
        assert isinstance(again, Sent)
    if name not in connected.BLIND:
        assert len(standins.store.posts(name)) == 1


def test_a_refused_connection_is_safe_to_repeat(name, network, account, standins):
    nowhere = type(account)(server="http://127.0.0.1:9", name=account.name, credentials=account.credentials)
    assert isinstance(network.publish(draft(key="n" * 40), nowhere), Deferred)


def test_what_is_out_can_be_taken_back(name, network, account, standins):
    sent = network.publish(draft(), account)
    taken_back = network.delete(sent.remote_id, account)
    if not network.limits(account).deletes:
        assert isinstance(taken_back, Unsupported)
        return
    assert isinstance(taken_back, Sent)
    assert standins.store.posts(name) == []
    assert isinstance(network.delete(sent.remote_id, account), Sent), "what is gone already is taken back"


def beneath(network, account, standins):
    """A draft that follows a post that is out, ready; None where nothing follows anything."""
    limits = network.limits(account)
    if not (limits.threads or limits.comments):
        return None
    first = network.publish(draft(), account)
    assert isinstance(first, Sent), first
    said = draft(text="A word more", key="r" * 40, reply_to=first.remote_id)
    reply = replace(said, text="A word more", link="")
    return replace(reply, prepared=network.network.prepare(reply, account))


def test_what_follows_a_post_is_published_found_and_never_doubled(name, network, connect, standins):
    account = channels.account(connect(name, settings={"threads": True}))
    reply = beneath(network, account, standins)
    if reply is None:
        assert name == "apprise", "nothing follows anything there"
        return
    sent = network.publish(reply, account)
    assert isinstance(sent, Sent), sent
    assert isinstance(network.find(reply, account), CannotTell if name in connected.BLIND else Found)
    if network.replays(reply):
        assert isinstance(network.publish(reply, account), Sent)
        assert [post.text for post in standins.store.posts(name)].count(reply.text) == 1


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "fail_before", "fail_after"])
def test_a_lost_or_failed_answer_to_a_reply_is_unknown(name, network, connect, standins, fault):
    account = channels.account(connect(name, settings={"threads": True}))
    reply = beneath(network, account, standins)
    if reply is None:
        assert name == "apprise", "nothing follows anything there"
        return
    standins.faults[name].append((fault, 0))
    assert isinstance(network.publish(reply, account), Unknown)
    out = [post.text for post in standins.store.posts(name)].count(reply.text)
    assert out == (0 if fault.endswith("before") else 1)
    if name not in connected.BLIND:
        assert isinstance(network.find(reply, account), Found if out else NotFound)


def with_a_picture(network, account):
    """A draft that shows one, put there; None where none is taken."""
    shown = Picture(kind="image/jpeg", width=60, height=60, alt="Alice reads", content=pictures.JPEG)
    pictured = draft(media=(replace(shown, url=f"{settings.PUBLIC_URL}/shown/1"),))
    return replace(pictured, prepared=network.prepare(pictured, account)) if network.limits(account).pictures else None


def test_an_edit_leaves_the_pictures_where_they_are(name, network, connect, standins):
    account = channels.account(connect(name, settings={"edits": True}))
    ready = with_a_picture(network, account)
    if ready is None:
        assert name == "apprise", "it takes no pictures"
        return
    sent = network.publish(ready, account)
    assert isinstance(sent, Sent), sent
    shown = standins.store.posts(name)[0].pictures
    assert len(shown) == 1 or name == "bluesky", "its record holds them"
    described = replace(ready, text="Навіны Офіса — corrected", media=(replace(ready.media[0], content=b""),))
    edited = network.edit(sent.remote_id, described, account)
    if not network.limits(account).edits:
        assert isinstance(edited, Unsupported)
        return
    assert isinstance(edited, Sent), edited
    assert isinstance(network.edit(edited.remote_id, described, account), Sent), "again does nothing more"
    (post,) = standins.store.posts(name)
    assert (post.text, post.pictures) == (described.text, shown)


def test_a_server_that_does_not_answer_in_time_leaves_an_unknown_post(name, network, account, standins, monkeypatch):
    network.probe(account)
    asking = {"bluesky": "xrpc", "apprise": "watched"}.get(name, name)  # the module that makes the requests
    monkeypatch.setattr(f"dispatch.social.networks.{asking}.TIMEOUT", 0.2)
    standins.faults[name].append(("slow", 0.6))
    outcome = network.publish(draft(), account)
    assert isinstance(outcome, Unknown), outcome
    deadline = time.monotonic() + 60
    while not standins.store.posts(name):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_markup_in_a_title_is_text_everywhere(name, network, account, standins):
    marked = draft(text="<b>Навіны</b> & <script>alert(1)</script>")
    assert isinstance(network.publish(marked, account), Sent)
    assert standins.store.posts(name)[0].text == marked.text


def test_an_answer_in_no_known_shape_leaves_an_unknown_post(name, network, account, standins):
    network.probe(account)
    ready = network.ready(draft(), account)
    babble = replace(standins.speakers[name], answer=lambda request, store: Answer(["what", "is", "this"]))
    standins.speakers = {name: babble}
    if name == "apprise":
        return  # it reads no answers: any status but an error is a yes
    assert isinstance(network.publish(ready, account), Unknown)
    assert isinstance(network.find(ready, account), CannotTell)
    assert not network.probe(account).ok
