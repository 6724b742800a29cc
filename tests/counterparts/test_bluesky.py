"""Bluesky's adapter against the reference PDS, lexicon validation and all."""

from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from dispatch.outcomes import Refused, Sent
from dispatch.social import networks
from dispatch.social.networks import bluesky
from dispatch.social.networks.base import Account, Draft, Found, NotFound

pytestmark = pytest.mark.counterpart


@pytest.fixture
def account(pds):
    server = pds["url"].replace("localhost", "127.0.0.1")
    credentials = {"identifier": pds["identifier"], "app_password": pds["app_password"]}
    return Account(server=server, name=pds["identifier"], credentials=credentials)


@pytest.fixture
def draft(request):
    link = "https://office.example.org/be/навіны"
    text = f"Навіны 👩\u200d👩\u200d👧 з Вільні\n\n{link}"
    return Draft(
        text=text,
        link=link,
        language="be",
        title="Навіны",
        summary="Што новага",
        key=request.node.name,
        created_at=datetime.now(UTC),
    )


@pytest.fixture
def network():
    return networks.get("bluesky")


def record(account, remote_id):
    repo, _, rkey = remote_id.removeprefix("at://").rpartition("/")
    query = {"repo": repo.partition("/")[0], "collection": bluesky.COLLECTION, "rkey": rkey}
    return httpx.get(f"{account.server}/xrpc/com.atproto.repo.getRecord", params=query).json()["value"]


def test_the_account_is_there(network, account):
    assert network.probe(account).ok


def test_a_post_is_taken_as_a_valid_record_and_a_repeat_changes_nothing(network, account, draft):
    first = network.publish(draft, account)
    assert isinstance(first, Sent), first
    again = network.publish(draft, account)
    assert isinstance(again, Sent), again
    assert again.remote_id == first.remote_id
    kept = record(account, first.remote_id)
    (facet,) = kept["facets"]
    start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
    assert kept["text"].encode()[start:end].decode() == draft.link
    assert kept["embed"]["external"]["title"] == "Навіны"
    assert kept["langs"] == ["be"]


def test_another_text_under_the_same_key_is_refused_and_the_first_one_stays(network, account, draft):
    first = network.publish(draft, account)
    other = replace(draft, text="Something else")
    assert isinstance(network.publish(other, account), Refused)
    assert record(account, first.remote_id)["text"] == draft.text


def test_what_is_out_is_found_and_what_is_not_is_not(network, account, draft):
    assert isinstance(network.find(draft, account), NotFound)
    network.publish(draft, account)
    assert isinstance(network.find(draft, account), Found)


def test_300_characters_fit_and_301_do_not(network, account, draft):
    fits = replace(draft, text="й" * 300, link="", key="300")
    assert isinstance(network.publish(fits, account), Sent)
    long = replace(draft, text="й" * 301, link="", key="301")
    assert network.check(long, account)
    assert isinstance(network.publish(long, account), Refused)


def test_a_wrong_password_is_refused(network, account, draft):
    wrong = replace(account, name="other", credentials={"identifier": "office2.test", "app_password": "no"})
    assert isinstance(network.publish(draft, wrong), Refused)


def test_what_is_out_is_taken_back(network, account, draft):
    sent = network.publish(draft, account)
    assert isinstance(network.delete(sent.remote_id, account), Sent)
    assert isinstance(network.find(draft, account), NotFound)
