"""Lists of items: what is asked for stands in the address, and each act asks why, says what it did and leaves its line."""

import newsroom
import pytest

from dispatch import queue, signs
from dispatch.accounts.models import AuditEntry, Stop
from dispatch.delivery import ledger, progress, relays, sending, statements
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Chunk, DeliveryException, Heap, Send
from dispatch.operations import sweeping
from dispatch.operations.items import history, rows, wanted
from dispatch.operations.models import Sweep
from dispatch.outcomes import Deferred, Refused, Sent
from dispatch.social.models import Post

pytestmark = pytest.mark.django_db
ITEMS = "/operations/queue/items/"


@pytest.fixture
def alice(client, monkeypatch):
    monkeypatch.setattr(queue, "enqueue", lambda *_: None)
    return newsroom.signed_in(client)


@pytest.fixture
def send(settings, monkeypatch):
    """Ten readers: two deferred, one refused, the others have it."""
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=10)
    newsroom.relay()
    later, no = Deferred(until=None, reason="greylisted", code="450 4.2.1"), Refused(reason="gone", code="550 5.1.1")
    answers = iter([later, no, later])
    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(lambda message: next(answers, Sent())))
    one = newsroom.send(office, newsroom.story("en"))
    sending.send_chunk(one.pk, 1)
    return one


def found(**asked):
    return rows.find(wanted.read(asked))


def page(client, **asked):
    return client.get(ITEMS, asked).content.decode()


def press(client, **form):
    return client.post(
        f"{ITEMS}act", {"kind": "reader", "reason": "the greylist is over", **form}, follow=True
    ).content.decode()


def states():
    return dict(DeliveryException.objects.values_list("code", "state"))


def test_readers_are_counted_as_they_come_and_as_they_go(send):
    assert {(h.state, h.code, h.readers) for h in Heap.objects.all()} == {
        ("deferred", "450 4.2.1", 2),
        ("refused", "550 5.1.1", 1),
    }
    statements.execute("fold")
    DeliveryException.objects.filter(state="refused").delete()
    assert [(h.state, h.readers) for h in Heap.objects.all()] == [("deferred", 2)]
    statements.execute("fold")
    statements.execute("fold")
    assert statements.value("SELECT count(*) FROM delivery_heap") == 1
    assert ledger.totals(send.pk, counted=False).exceptions == ledger.totals(send.pk).exceptions == {"deferred": 2}


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({}, 3),
        ({"column": "deferred"}, 2),
        ({"column": "failed"}, 1),
        ({"column": "unknown"}, 0),
        ({"code": "550 5.1.1"}, 1),
        ({"provider": "0"}, 3),
        ({"provider": "1"}, 0),
        ({"send": "999"}, 0),
    ],
)
def test_a_filter_finds_exactly_those(send, asked, count):
    assert (found(**asked).count, len(found(**asked).rows)) == (count, count)


def test_the_relay_that_answered_is_known(send):
    main = relays.Relay.objects.get()
    relays.save("other", "fake://")
    assert found(relay=str(main.pk)).count == found(relay="main").count == 3
    assert found(relay="other").count == 0
    assert found().rows[0].way == "others by main"


def test_a_list_is_leafed_through_without_showing_anybody_twice(send):
    every = [row.id for skip in range(3) for row in found(skip=str(skip)).rows[:1]]
    assert len(set(every)) == 3
    assert found(skip="3").rows == []


@pytest.mark.parametrize("asked", [{"kind": "gossip"}, {"column": "gone"}, {"send": "x"}, {"relay": "-1"}])
def test_an_address_that_says_nonsense_is_answered_in_words(alice, asked):
    text = page(alice, **asked)
    assert "This is everything of one kind instead." in text


def test_every_list_answers(alice, send):
    newsroom.post(newsroom.channel(), newsroom.story("en"), Post.State.REFUSED, trouble="403")
    for kind in wanted.KINDS:
        assert alice.get(ITEMS, {"kind": kind, "newsletter": "office"}).status_code == 200
        for column in ("", *wanted.COLUMNS):
            for row in found(kind=kind, column=column).rows[:1]:
                text = alice.get(f"{ITEMS}{kind}/{row.id}/").content.decode()
                assert "What happened" in text, f"{kind} {column}"


def test_no_address_of_a_reader_is_on_a_page(alice, send):
    reader = DeliveryException.objects.first()
    for path in (f"{ITEMS}?kind=reader", f"{ITEMS}reader/{send.pk}-{reader.subscriber_id}/"):
        assert "@example.org" not in alice.get(path).content.decode().replace("alice@example.org", "")


def test_the_two_that_are_ticked_are_dropped_and_the_reason_is_kept(alice, send):
    ids = [row.id for row in found(column="deferred").rows]
    assert "2 of 2 dropped." in press(alice, act="drop", item=ids)
    assert states() == {"450 4.2.1": "cancelled", "550 5.1.1": "refused"}
    entries = list(AuditEntry.objects.filter(act="reader.drop").values_list("target", "reason"))
    assert entries == [(f"send:{send.pk}", "the greylist is over")] * 2  # for ever, so nobody is named


def test_what_may_not_be_asked_for_changes_nothing(alice, send):
    refused = found(column="failed").rows[0].id
    assert "nothing was changed" in press(alice, act="drop", item=[refused])
    assert "Choose what is to be done" in press(alice, act="burn", item=[refused])
    assert "Tick what is meant" in press(alice, act="retry")
    assert "Choose the relay" in press(alice, act="move", item=[refused])
    assert "Nothing was changed" in press(alice, act="retry", item=[refused], reason=" ")
    assert states()["550 5.1.1"] == "refused"


def test_all_that_match_are_tried_again_by_the_clock(alice, send):
    assert "It is being done to 3 readers" in press(alice, act="retry", all="1")
    sweep = Sweep.objects.get()
    assert (sweep.done, sweep.ended_at) == (0, None)
    for _ in range(4):
        sweeping.go_on()
    sweep.refresh_from_db()
    assert (sweep.done, sweep.ended_at is not None) == (3, True)
    assert set(DeliveryException.objects.values_list("state", flat=True)) == {"deferred"}
    assert Chunk.objects.filter(send=send, is_retry=True).exists()
    assert AuditEntry.objects.get(act="readers.retry").target == f"send:{send.pk}"


def test_a_sweep_of_what_is_over_ends_without_doing_anything(alice, send):
    Send.objects.update(state="cancelled")
    press(alice, act="retry", all="1", column="deferred")
    sweeping.go_on()
    assert Sweep.objects.get().ended_at is not None
    assert states()["450 4.2.1"] == "deferred"


def test_readers_moved_to_another_relay_go_by_that_one(alice, send):
    other = relays.save("other", "fake://")
    press(alice, act="move", all="1", to_relay=other.pk, code="450 4.2.1")
    for _ in range(3):
        sweeping.go_on()
    chunk = Chunk.objects.get(send=send, is_retry=True)
    assert chunk.relay == other
    claimed = ledger.claim(send.pk, chunk.number)
    assert (claimed.relay, relays.choose(claimed.relay, claimed.tie).name) == (other.pk, "other")


def test_a_relay_that_was_switched_off_meanwhile_keeps_nobody_waiting(send):
    other = relays.save("other", "fake://")
    relays.Relay.objects.filter(pk=other.pk).update(active=False)
    assert relays.choose(other.pk).name == "main"


def test_a_pause_pauses_the_send_and_a_posts_pause_its_channel(alice, send):
    assert "Paused" in press(alice, act="pause", item=[found(column="deferred").rows[0].id])
    assert Send.objects.get().state == "paused"
    post = newsroom.post(newsroom.channel(), newsroom.story("en"), Post.State.DEFERRED)
    press(alice, kind="post", act="pause", item=[post.pk])
    assert Stop.objects.get().target == post.channel_id


def test_every_refused_post_that_matches_is_dropped(alice):
    channel, story = newsroom.channel(), newsroom.story("en")
    newsroom.post(channel, story, Post.State.REFUSED, trouble="403")
    newsroom.post(newsroom.channel("x", "x"), story, Post.State.REFUSED, trouble="403")
    assert "1 item dropped." in press(alice, kind="post", act="drop", all="1", channel=channel.pk, column="failed")
    assert set(Post.objects.values_list("channel__slug", "state")) == {("masto", "dropped"), ("x", "refused")}


def test_a_stuck_chunk_gets_another_chance_and_a_waiting_one_goes_by_another_relay(alice, send):
    other = relays.save("other", "fake://")
    chunk = Chunk.objects.get()
    Chunk.objects.update(state="stuck", trouble="Its workers died again and again.")
    assert "It is tried again now." in press(alice, kind="chunk", act="retry", item=[chunk.pk])
    assert "It is moved." in press(alice, kind="chunk", act="move", item=[chunk.pk], to_relay=other.pk)
    chunk.refresh_from_db()
    assert (chunk.state, chunk.relay) == ("pending", other)


def test_a_stuck_chunk_is_moved_in_one_press(alice, send):
    other = relays.save("other", "fake://")
    Chunk.objects.update(state="stuck", takeovers=4, trouble="Its workers died again and again.")
    chunk = Chunk.objects.get()
    assert "It is moved." in press(alice, kind="chunk", act="move", item=[chunk.pk], to_relay=other.pk)
    chunk.refresh_from_db()
    assert (chunk.state, chunk.takeovers, chunk.relay) == ("pending", 0, other)


@pytest.mark.parametrize("way", ["page", "all", "queue"])
def test_a_stuck_chunk_is_dropped_and_the_reason_is_kept(alice, send, way):
    Chunk.objects.update(state="stuck", settled=8, ahead=8, trouble="Its workers died again and again.")
    chunk = Chunk.objects.get()
    if way == "queue":
        path = f"/operations/queue/chunks/{send.pk}/{chunk.number}/drop"
        assert path in alice.get("/operations/queue/").content.decode()
        assert "It is dropped." in alice.post(path, {"reason": "it cannot be made"}, follow=True).content.decode()
    else:
        named = {"all": "1", "state": "stuck"} if way == "all" else {"item": [chunk.pk], "alone": chunk.pk}
        said = press(alice, kind="chunk", act="drop", **named | {"reason": "it cannot be made"})
        assert ("1 item dropped." if way == "all" else "It is dropped.") in said
    assert progress.of_send(send.pk).exceptions == {"deferred": 2, "refused": 1, "cancelled": 2}
    assert progress.of_send(send.pk).sent == 5
    entry = AuditEntry.objects.get(act="chunk.drop")
    assert (entry.target, entry.reason) == (f"send:{send.pk}:chunk:{chunk.number}", "it cannot be made")
    page = alice.get(f"{ITEMS}chunk/{chunk.pk}/").content.decode()
    assert "chunk.drop" in page
    assert "it cannot be made" in page


def test_a_chunks_page_says_which_worker_had_it_when(alice, send):
    chunk = Chunk.objects.get()
    assert chunk.claimed_by == signs.name()
    item = history.of("chunk", str(chunk.pk))
    assert dict(item.facts)["Last by"] == signs.name()
    assert chunk.claimed_at in [event.at for event in item.events if event.words.startswith("Claimed by")]


def test_bob_of_another_desk_may_not_touch_all_that_match(client, send):
    from dispatch.accounts import views
    from dispatch.accounts.models import Desk

    send.edition.newsletter.desk = Desk.objects.create(slug="culture", name="Culture")
    send.edition.newsletter.save()
    bob = newsroom.person("operator", "Bob")
    bob.desks.add(Desk.objects.create(slug="sports", name="Sports"))
    client.force_login(bob, views.BACKEND)
    reader = found(column="deferred").rows[0].id
    Chunk.objects.update(state="stuck", settled=8, ahead=8)
    path = f"/operations/queue/chunks/{send.pk}/1/drop"
    assert client.post(path, {"reason": "I want it"}).status_code == 403
    for form in ({"item": [reader]}, {"all": "1"}):
        answer = client.post(f"{ITEMS}act", {"kind": "reader", "act": "drop", "reason": "I want it", **form})
        assert answer.status_code == 403
        assert "another desk (Culture)" in answer.content.decode()
    assert states()["450 4.2.1"] == "deferred"
    assert not Sweep.objects.exists()
