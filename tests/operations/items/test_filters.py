"""What is filtered by is either heard or refused: an act upon all that match never reaches further than was asked for."""

import newsroom
import pytest
from django.utils import timezone

from dispatch import cli, queue
from dispatch.articles.models import Revision, Source, WebhookDelivery
from dispatch.audience import letters as written
from dispatch.audience.models import Letter
from dispatch.delivery import relays, sending
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Chunk, DeliveryException
from dispatch.operations import sweeping
from dispatch.operations.items import rows, wanted
from dispatch.operations.models import Sweep
from dispatch.outcomes import Deferred, Refused, Sent
from dispatch.social.models import Post

pytestmark = pytest.mark.django_db
ITEMS = "/operations/queue/items/"
WHY = ["--by", "alice@example.org", "--reason", "it is over"]


@pytest.fixture
def alice(client, monkeypatch):
    monkeypatch.setattr(queue, "enqueue", lambda *_: None)
    return newsroom.signed_in(client)


@pytest.fixture
def posts():
    """One refused, one that is planned, one that is written."""
    channel = newsroom.channel()
    return [
        newsroom.post(channel, newsroom.story("en"), state, trouble="It waits for you.")
        for state in ("refused", "scheduled", "draft")
    ]


@pytest.fixture
def world(posts, monkeypatch):
    """Something of every kind, of two newsletters, channels, sources and relays."""
    relays.save("other", "fake://")
    relays.save("main", "fake://")
    answers = iter(
        [Deferred(until=None, reason="grey", code="450 4.2.1"), Refused(reason="gone", code="550 5.1.1")] * 2
    )
    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(lambda message: next(answers, Sent())))
    for slug in ("office", "weekly"):
        newsletter = newsroom.newsletter(slug, languages=["en"], topics=[slug])
        newsroom.readers(newsletter, en=3)
        story = newsroom.story("en")
        Revision.objects.filter(article__story=story).update(topics=[slug])
        send = newsroom.send(newsletter, story)
        sending.send_chunk(send.pk, 1)
        written.write(Letter.Kind.CONFIRM, newsletter, "en", "bob@example.org")
    Letter.objects.filter(newsletter__slug="weekly").update(state="refused", code="550 5.1.1")
    newsroom.post(newsroom.channel("x", "x"), newsroom.story("en"), Post.State.UNKNOWN)
    for slug in ("site", "blog"):
        source, _ = Source.objects.get_or_create(slug=slug, defaults={"kind": "native", "name": slug})
        values = {"body_hash": b"", "event": "published", "due_at": timezone.now(), "did": "failed"}
        WebhookDelivery.objects.create(source=source, delivery_id=slug, **values)


VALUES = {
    "newsletter": ["office", "weekly"],
    "channel": ["masto", "x"],
    "source": ["site", "blog"],
    "provider": ["others", "gmail"],
    "relay": ["main", "other"],
    "code": ["450 4.2.1", "550 5.1.1"],
    "send": ["1000000"],
}


def values(kind, name):
    return {"column": list(wanted.COLUMNS), "state": wanted.STATES.get(kind, ["refused"])}.get(name) or VALUES[name]


def every(kind, **asked):
    return {row.id for row in rows.find(wanted.read({"kind": kind, **asked})).rows}


def states():
    return list(Post.objects.order_by("pk").values_list("state", flat=True))


@pytest.mark.parametrize("name", ["column", "state", *VALUES])
@pytest.mark.parametrize("kind", wanted.KINDS)
def test_each_filter_of_each_kind_narrows_its_list_or_is_refused(world, kind, name):
    whole = every(kind)
    assert whole, "there is something of each kind"
    if name not in wanted.FILTERS[kind]:
        with pytest.raises(wanted.Unheard, match=f"are not filtered by {name}, but by "):
            wanted.read({"kind": kind, name: values(kind, name)[0]})
        return
    parts = [every(kind, **{name: value}) for value in values(kind, name)]
    assert all(part < whole or len(parts) > 1 for part in parts)
    assert sum(map(len, parts)) == len(set().union(*parts)), "no item answers to two values of one filter"
    if name in ("column", "state", "source", "newsletter", "channel"):
        assert set().union(*parts) == whole, "and each to one"
    if name == "state":
        shown = {
            row.word
            for value in values(kind, name)
            for row in rows.find(wanted.read({"kind": kind, name: value})).rows
            if row.word != value
        }
        assert not shown


def test_a_state_of_posts_is_heard_at_the_terminal(alice, posts, capsys):
    assert cli.main(["queue", "drop", "post", "--all", "--state", "refused", *WHY]) == 0
    assert "1 item dropped." in capsys.readouterr().out
    assert states() == ["dropped", "scheduled", "draft"]


def test_a_state_of_chunks_is_heard_at_the_terminal(alice):
    relays.save("main", "fake://")
    other = relays.save("other", "fake://")
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=1)
    newsroom.send(office, newsroom.story("en"))
    assert cli.main(["queue", "move", "chunk", "--all", "--state", "stuck", "--to", "other", *WHY]) == 1
    assert not Chunk.objects.filter(relay=other).exists()


@pytest.mark.parametrize(
    "asked", [["--relay", "main"], ["--provider", "gmail"], ["--code", "550 5.1.1"], ["--send", "4"]]
)
def test_what_a_kind_does_not_have_is_refused_before_anything_is_done(alice, posts, capsys, asked):
    relays.save("main", "fake://")
    assert cli.main(["queue", "drop", "post", "--all", *asked, *WHY]) == 1
    assert f"Posts are not filtered by {asked[0][2:]}, but by column, channel and state." in capsys.readouterr().err
    form = {"kind": "post", asked[0][2:]: asked[1], "act": "drop", "all": "1", "reason": "it is over"}
    assert "Nothing was changed" in alice.post(f"{ITEMS}act", form, follow=True).content.decode()
    assert states() == ["refused", "scheduled", "draft"]


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (["reader", "--relay", "mian"], "There is no relay “mian”. There are: main."),
        (["reader", "--provider", "gmial"], "There is no provider “gmial”. There are: others, gmail,"),
        (["reader", "--newsletter", "offfice"], "There is no newsletter “offfice”. There are: office."),
        (["post", "--channel", "masto"], "There is no channel “masto”, and no other."),
        (["post", "--state", "stuck"], "Posts are never “stuck”, but draft, scheduled,"),
        (["webhook", "--source", "9"], "There is no source “9”, and no other."),
        (["reader", "--before", "9"], "Readers are not filtered by before"),
    ],
)
def test_what_is_called_otherwise_is_answered_with_what_there_is(capsys, asked, answer):
    relays.save("main", "fake://")
    newsroom.newsletter()
    assert cli.main(["queue", "list", *asked]) == 1
    assert answer in capsys.readouterr().err


def test_names_and_numbers_mean_the_same_and_an_address_says_names(world):
    main = relays.Relay.objects.get(name="main")
    by_number = wanted.read({"kind": "reader", "relay": str(main.pk), "provider": "0"})
    assert by_number == wanted.read({"kind": "reader", "relay": "main", "provider": "others"})
    assert by_number.query == "kind=reader&provider=others&relay=main"


def test_a_tab_carries_along_only_what_its_kind_has(alice, world):
    text = alice.get(ITEMS, {"kind": "reader", "relay": "main", "newsletter": "office", "column": "failed"})
    tabs = text.content.decode()
    assert 'href="?kind=post&amp;column=failed"' in tabs
    assert 'href="?kind=edition&amp;column=failed&amp;newsletter=office"' in tabs
    assert 'href="?kind=chunk&amp;column=failed&amp;newsletter=office&amp;relay=main"' in tabs
    for kind in wanted.KINDS:
        assert "not filtered" not in alice.get(ITEMS, {"kind": kind, "column": "failed"}).content.decode()


def test_a_sweep_whose_relay_is_gone_ends(alice, world):
    relay = relays.Relay.objects.filter(
        pk__in=DeliveryException.objects.filter(state="deferred").values("answered_by")
    )[0]
    form = {"kind": "reader", "relay": relay.name, "act": "drop", "all": "1", "reason": "it is over"}
    assert "It is being done to " in alice.post(f"{ITEMS}act", form, follow=True).content.decode()
    relays.Relay.objects.filter(pk=relay.pk).update(name="renamed")
    sweeping.go_on()
    assert (Sweep.objects.get().done, bool(Sweep.objects.get().ended_at)) == (0, True)
