"""Mastodon's adapter against mastodon_mock, behind a proxy that loses answers."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import mastodon
import pytest
from PIL import Image

from dispatch.outcomes import Refused, Sent, Unknown
from dispatch.social import networks
from dispatch.social.networks.base import Account, Draft, Found, NotFound, Picture

pytestmark = pytest.mark.counterpart


@pytest.fixture
def account(lossy):
    return Account(server=lossy.url, name="office", credentials={"access_token": "mock_token"})


@pytest.fixture
def draft(request):
    link = f"https://office.example.org/be/{request.node.name}"
    text = f"Навіны\n\n{link}"
    return Draft(text=text, link=link, language="be", key=request.node.name, created_at=datetime.now(UTC))


@pytest.fixture
def network():
    return networks.get("mastodon")


def statuses(account, draft):
    client = mastodon.Mastodon(access_token="mock_token", api_base_url=account.server, version_check_mode="none")
    try:
        mine = client.account_statuses(client.account_verify_credentials(), limit=40)
        return [status for status in mine if draft.link in status["content"]]
    finally:
        client.session.close()


def test_the_instance_says_what_fits(network, account):
    health = network.probe(account)
    assert health.ok
    assert network.limits(replace(account, known=health.known)).longest == 500


def test_a_post_is_taken_in_its_language(network, account, draft):
    assert isinstance(network.publish(draft, account), Sent)
    (status,) = statuses(account, draft)
    assert status["language"] == "be"


def test_a_lost_answer_is_unknown_is_found_and_a_replay_makes_no_second_post(network, account, draft, lossy):
    assert isinstance(network.find(draft, account), NotFound)
    lossy.lose = 1
    assert isinstance(network.publish(draft, account), Unknown)
    found = network.find(draft, account)
    assert isinstance(found, Found)
    again = network.publish(draft, account)
    assert isinstance(again, Sent)
    assert again.remote_id == found.remote_id
    assert len(statuses(account, draft)) == 1


def test_501_characters_are_refused(network, account, draft):
    assert isinstance(network.publish(replace(draft, text="й" * 501), account), Refused)


def test_a_wrong_token_is_refused(network, account, draft):
    assert isinstance(network.publish(draft, replace(account, credentials={"access_token": "no"})), Refused)


def test_what_is_out_is_edited_and_taken_back(network, account, draft):
    sent = network.publish(draft, account)
    assert isinstance(network.edit(sent.remote_id, replace(draft, text=f"Праўка {draft.link}"), account), Sent)
    assert "Праўка" in statuses(account, draft)[0]["content"]
    assert isinstance(network.delete(sent.remote_id, account), Sent)
    assert statuses(account, draft) == []


def test_a_picture_and_a_warning_arrive(network, account, draft):
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "JPEG")
    shown = Picture(kind="image/jpeg", width=40, height=30, alt="Alice reads", content=out.getvalue())
    said = replace(draft, media=(shown,), content_warning="A trial")
    put = network.prepare(said, account)
    assert isinstance(network.publish(replace(said, prepared=put), account), Sent)
    (status,) = statuses(account, draft)
    assert [one["description"] for one in status["media_attachments"]] == ["Alice reads"]
    assert status["spoiler_text"] == "A trial"


def test_a_part_replies_to_the_one_before_it_and_is_found_as_that_part(network, account, draft):
    first = network.publish(draft, account)
    part = replace(draft, key=f"{draft.key}/2", reply_to=first.remote_id)
    assert isinstance(network.find(part, account), NotFound)
    second = network.publish(part, account)
    assert network.find(part, account).remote_id == second.remote_id
    assert network.find(draft, account).remote_id == first.remote_id
