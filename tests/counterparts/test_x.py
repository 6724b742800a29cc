"""X's adapter against a mock made from X's own OpenAPI: requests that X's description does not allow are refused there."""

from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from dispatch.outcomes import Sent
from dispatch.social import networks
from dispatch.social.networks.base import Account, CannotTell, Draft, Picture

pytestmark = pytest.mark.counterpart


@pytest.fixture
def account(prism):
    return Account(server=prism, name="office", credentials={"oauth2_token": "of-the-tests"})


@pytest.fixture
def draft():
    link = "https://office.example.org/be/1"
    return Draft(text=f"Навіны\n\n{link}", link=link, language="be", key="k", created_at=datetime.now(UTC))


@pytest.fixture
def network():
    return networks.get("x")


def test_the_mock_refuses_what_the_description_does_not_allow(prism):
    answer = httpx.post(
        f"{prism}/2/tweets", json={"reply_settings": "nobody"}, headers={"Authorization": "Bearer of-the-tests"}
    )
    assert answer.status_code in {400, 422}


def test_a_post_is_a_request_that_x_describes(network, account, draft):
    assert isinstance(network.publish(draft, account), Sent)


def test_a_probe_a_look_and_a_deletion_are_too(network, account, draft):
    assert network.probe(account).ok
    assert not isinstance(network.find(draft, account), CannotTell)
    assert isinstance(network.delete("1346889436626259968", account), Sent)


def test_pictures_their_words_replies_and_edits_are_too(network, account, draft):
    shown = Picture(kind="image/jpeg", width=1, height=1, alt="Alice reads", content=b"\xff\xd8\xff\xd9")
    put = network.prepare(replace(draft, media=(shown,)), account)
    assert isinstance(put, dict), put
    reply = replace(draft, reply_to="1346889436626259968", prepared={"media": ["1146654567674912769"]})
    assert isinstance(network.publish(reply, account), Sent)
    paying = replace(account, settings={"edits": True})
    assert isinstance(network.edit("1346889436626259968", draft, paying), Sent)
