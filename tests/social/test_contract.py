"""What every network must keep, over real HTTP to a stand-in: one post, every outcome told, nothing published twice."""

import base64
import time
from dataclasses import replace
from datetime import UTC, datetime

import connected
import pytest

from dispatch.local.networks.server import Answer
from dispatch.outcomes import Deferred, Refused, Sent, Unknown
from dispatch.social import channels, networks
from dispatch.social.networks.base import CannotTell, Draft, Found, NotFound, Picture

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("name", connected.NETWORKS)]


NOW = datetime.now(UTC)


def draft(text="Навіны Офіса — new", **changes):
    link = "https://office.example.org/en/1"
    values = {"text": f"{text}\n\n{link}", "link": link, "language": "be", "title": text, "key": "k" * 40}
    return Draft(**(values | {"created_at": NOW} | changes))


@pytest.fixture
def network(name):
    return networks.get(name)


@pytest.fixture
def account(name, connect):
    return channels.account(connect(name))


def test_a_draft_is_published_once_with_its_link(name, network, account, standins):
    outcome = network.publish(draft(), account)
    assert isinstance(outcome, Sent), outcome
    assert outcome.remote_id
    (post,) = standins.store.posts(name)
    assert post.text == draft().text
    assert post.link == draft().link


def test_an_account_is_probed(name, network, account):
    assert network.probe(account).ok


def test_a_text_that_is_too_long_is_seen_before_it_is_sent(name, network, account):
    long = draft(text="Навіны " * 1000)
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
    assert isinstance(outcome, Unknown), outcome
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
    assert isinstance(network.find(draft(), account), NotFound | CannotTell)
    network.publish(draft(), account)
    found = network.find(draft(), account)
    assert isinstance(found, CannotTell if name == "telegram" else Found)


def test_where_a_repeat_is_safe_it_makes_no_second_post(name, network, account, standins):
    network.publish(draft(), account)
    again = network.publish(draft(), account)
    if network.replays:
        assert isinstance(again, Sent)
    if name != "telegram":
        assert len(standins.store.posts(name)) == 1


def test_a_refused_connection_is_safe_to_repeat(name, network, account, standins):
    nowhere = type(account)(server="http://127.0.0.1:9", name=account.name, credentials=account.credentials)
    assert isinstance(network.publish(draft(key="n" * 40), nowhere), Deferred)


def test_what_is_out_can_be_taken_back(name, network, account, standins):
    sent = network.publish(draft(), account)
    assert isinstance(network.delete(sent.remote_id, account), Sent)
    assert standins.store.posts(name) == []


def test_a_server_that_does_not_answer_in_time_leaves_an_unknown_post(name, network, account, standins, monkeypatch):
    network.probe(account)
    monkeypatch.setattr(f"dispatch.social.networks.{name}.TIMEOUT", 0.2)
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
    babble = replace(standins.speakers[name], answer=lambda request, store: Answer(["what", "is", "this"]))
    standins.speakers = {name: babble}
    assert isinstance(network.publish(draft(), account), Unknown)
    assert isinstance(network.find(draft(), account), CannotTell)
    assert not network.probe(account).ok
