"""In a rehearsal mail leaves for its mailboxes only, whatever happens, and posts go to channels that lead nowhere."""

import newsroom
import pytest

from dispatch import env, staging, vault
from dispatch.audience.models import Subscriber
from dispatch.delivery import ledger, sending
from dispatch.delivery.mailers.base import Message, NotRehearsed
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import DeliveryException
from dispatch.outcomes import Deferred, Refused, Sent
from dispatch.social import networks, publishing
from dispatch.social.models import Post
from dispatch.social.networks.base import Counting, Renewing


@pytest.fixture
def rehearsal(settings):
    settings.STAGING_ONLY = staging.mailboxes(["Alice@example.org", "@example.net"])


@pytest.fixture
def office(db):
    """Alice, Bob and, at another host, Charlie."""
    one = newsroom.newsletter(languages=["en"])
    newsroom.readers(one, en=3)
    newsroom.relay()
    for reader, address in zip(
        Subscriber.objects.order_by("pk"),
        ["alice@example.org", "bob@example.org", "charlie@example.net"],
        strict=True,
    ):
        reader.address = vault.seal(address, f"subscriber:{reader.pk}:address")
        reader.save(update_fields=["address"])
    return one


@pytest.fixture
def left(monkeypatch):
    """Whoever mail left for."""
    out = []

    def take(message):
        out.append(message.recipient)
        return Sent()

    monkeypatch.setattr("dispatch.delivery.relays.open_mailer", lambda relay: Fake(take))
    return out


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("alice@example.org", True),
        ("ALICE@Example.org", True),
        ("bob@example.org", False),
        ("bob@example.net", True),
        ("bob@sub.example.net", False),
        ("bob@notexample.net", False),
        ("alice@example.org.example.com", False),
        ("alice@example.org@example.com", False),
    ],
)
def test_whole_addresses_and_whole_domains_may_get_mail(rehearsal, address, may):
    assert staging.allows(address) is may


def test_without_it_everybody_may():
    assert staging.allows("bob@example.org")


@pytest.mark.parametrize("word", ["alice", "example.org", "alice@", "a@b@c"])
def test_a_setting_that_could_be_misread_is_refused(word):
    with pytest.raises(env.Misconfigured):
        staging.mailboxes([word])


def test_no_message_can_be_made_for_anybody_else(rehearsal):
    data = b"To: %b\r\n\r\nHello\r\n"
    Message("news@example.org", "alice@example.org", data % b"alice@example.org")
    with pytest.raises(NotRehearsed) as problem:
        Message("news@example.org", "bob@example.org", data % b"bob@example.org")
    assert "bob" not in str(problem.value)


def test_only_its_mailboxes_are_enlisted(rehearsal, office, left):
    send = newsroom.send(office, newsroom.story("en"))
    assert send.frozen_count == 2
    sending.send_chunk(send.pk, 1)
    assert sorted(left) == ["alice@example.org", "charlie@example.net"]


def test_who_was_enlisted_before_it_became_one_gets_nothing(settings, office, left):
    send = newsroom.send(office, newsroom.story("en"))
    settings.STAGING_ONLY = staging.mailboxes(["@example.net"])
    sending.send_chunk(send.pk, 1)
    assert left == ["charlie@example.net"]
    codes = DeliveryException.objects.filter(send=send).values_list("state", "code")
    assert list(codes) == [("failed_render", "notrehearsed")] * 2
    assert ledger.totals(send.pk).settled == 3


def test_networks_answer_as_ever_and_take_nothing(rehearsal):
    for name in networks.registry:
        one = networks.get(name)
        if name == "fake":
            continue
        for act in (one.prepare, one.publish, one.edit, one.delete):
            assert act(None, None) == Refused(reason=staging.WHY)
        assert one.name == name
        if isinstance(one, Renewing):
            assert isinstance(one.renew(None), Deferred)


def test_they_count_what_they_counted(settings):
    counting = {name: isinstance(networks.get(name), Counting) for name in networks.registry}
    settings.STAGING_ONLY = staging.mailboxes(["@example.net"])
    assert {name: isinstance(networks.get(name), Counting) for name in networks.registry} == counting


def test_a_post_is_refused_with_the_reason_and_one_that_goes_nowhere_goes(rehearsal, db):
    story = newsroom.story("en")
    real = newsroom.post(newsroom.channel(server="https://social.example"), story, Post.State.SCHEDULED)
    fake = newsroom.post(newsroom.channel("nowhere", "fake"), story, Post.State.SCHEDULED)
    publishing.publish(real.pk)
    publishing.publish(fake.pk)
    real.refresh_from_db()
    fake.refresh_from_db()
    assert (real.state, real.trouble) == (Post.State.REFUSED, staging.WHY)
    assert fake.state == Post.State.SENT


def test_every_page_says_so(rehearsal, client, db):
    for path in ("/account/login/", "/nothing-here"):
        assert b"REHEARSAL" in client.get(path).content
    assert b"REHEARSAL" in newsroom.signed_in(client).get("/").content


def test_no_page_says_so_otherwise(client, db):
    assert b"REHEARSAL" not in client.get("/account/login/").content
