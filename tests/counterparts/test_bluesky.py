"""Bluesky's adapter against the reference PDS, lexicon validation and all."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from PIL import Image

from dispatch.outcomes import Refused, Sent
from dispatch.social import networks
from dispatch.social.networks import bluesky
from dispatch.social.networks.base import Account, Draft, Found, NotFound, Picture

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


def picture(alt="Alice reads"):
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "JPEG")
    return Picture(kind="image/jpeg", width=40, height=30, alt=alt, content=out.getvalue())


def prepared(network, account, draft):
    put = network.prepare(draft, account)
    assert isinstance(put, dict), put
    return replace(draft, prepared=put)


def test_pictures_are_a_valid_embed_and_a_repeat_changes_nothing(network, account, draft):
    ready = prepared(network, account, replace(draft, media=(picture(), picture("Bob laughs"))))
    first = network.publish(ready, account)
    assert isinstance(first, Sent), first
    assert network.publish(ready, account) == first
    images = record(account, first.remote_id)["embed"]["images"]
    assert [one["alt"] for one in images] == ["Alice reads", "Bob laughs"]
    assert images[0]["aspectRatio"] == {"width": 40, "height": 30}


def test_a_card_has_its_picture(network, account, draft):
    sent = network.publish(prepared(network, account, replace(draft, card=picture())), account)
    assert record(account, sent.remote_id)["embed"]["external"]["thumb"]["mimeType"] == "image/jpeg"


def test_a_thread_names_its_first_part_and_the_one_before(network, account, draft):
    sent = [network.publish(draft, account)]
    for part in ("2", "3"):
        reply = replace(draft, key=f"{draft.key}/{part}", text=part, link="", reply_to=sent[-1].remote_id)
        sent.append(network.publish(prepared(network, account, reply), account))
    reply = record(account, sent[2].remote_id)["reply"]
    assert (reply["root"]["uri"], reply["parent"]["uri"]) == (sent[0].remote_id, sent[1].remote_id)


def test_a_mention_leads_to_who_has_the_handle_and_a_tag_is_one(network, account, draft, pds):
    text = f"👩\u200d👧 Дзякуй @{pds['identifier']} і @nobody.test #чытальня"
    sent = network.publish(prepared(network, account, replace(draft, text=text, link="")), account)
    kept = record(account, sent.remote_id)
    marked = [
        kept["text"].encode()[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode() for one in kept["facets"]
    ]
    assert marked == [f"@{pds['identifier']}", "#чытальня"]
