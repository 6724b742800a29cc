"""What is out is edited and deleted once someone wants it, and each outcome is kept; nothing goes out that was taken back."""

import threading
from datetime import timedelta

import connected
import pytest
from django.db import connection
from django.utils import timezone

from dispatch.accounts import stopping
from dispatch.accounts.models import AuditEntry, Stop
from dispatch.outcomes import Deferred, Refused, Sent, Unknown
from dispatch.social import acts, changing, channels, planning, publishing, resolving, taking_back, tending
from dispatch.social.models import Change, Channel, Post
from dispatch.social.networks.base import Unsupported

pytestmark = pytest.mark.django_db


@pytest.fixture
def fake(fake):
    channels.connect("fake", name="Fake", network="fake", credentials={})
    return fake


@pytest.fixture
def post(fake, make_article):
    planning.plan(make_article())
    return Post.objects.get()


@pytest.fixture
def sent(post):
    publishing.publish(post.pk)
    post.refresh_from_db()
    return post


@pytest.fixture
def answers(fake, monkeypatch):
    """What the network says to the next changes."""
    said = []
    for act in ("edit", "delete"):
        real = getattr(fake, act)
        monkeypatch.setattr(fake, act, lambda *asked, real=real: said.pop(0) if said else real(*asked))
    return said


def do_all():
    for number in changing.due():
        changing.change(number)


def let_time_pass():
    Change.objects.update(due_at=timezone.now(), rung_at=None)


def state(row):
    row.refresh_from_db()
    return row.state


def test_an_edit_changes_what_is_out_and_what_is_kept_of_it(sent, fake):
    change = acts.edit(sent.pk, None, "a wrong date", text="On Tuesday")
    do_all()
    assert state(change) == "done"
    assert fake.out[sent.remote_id].text == "On Tuesday"
    sent.refresh_from_db()
    assert (sent.text, sent.state, sent.version, sent.edited) == ("On Tuesday", "sent", 2, True)
    assert AuditEntry.objects.get(act="post.edit").reason == "a wrong date"


def test_what_is_taken_back_is_gone_and_does_not_come_again(sent, fake):
    change = acts.take_back(sent.pk, None, "a name stood in it")
    do_all()
    assert (state(change), state(sent)) == ("done", "gone")
    assert fake.out == {}
    planning.plan(sent.article)
    publishing.publish(sent.pk)
    assert fake.out == {}
    assert acts.take_back(sent.pk, None, "again") is None


def test_only_what_is_out_is_edited(post):
    assert acts.edit(post.pk, None, "too early", text="x") is None
    assert acts.take_back(post.pk, None, "too early") is None


def test_a_network_without_the_act_says_so(connect, make_article):
    connect("bluesky")
    planning.plan(make_article())
    post = Post.objects.get()
    publishing.publish(post.pk)
    assert isinstance(acts.edit(post.pk, None, "a comma", text="x"), Unsupported)
    assert not Change.objects.exists()


def test_a_channel_whose_credentials_nobody_can_open_is_planned_for_and_says_so(sent, make_article):
    Channel.objects.update(credentials=b"of a lost key")
    planning.plan(make_article("Another"))
    change = acts.take_back(sent.pk, None, "wrong")
    do_all()
    assert (state(change), state(sent)) == ("waiting", "sent")  # until the channel is reconnected
    assert change.trouble.startswith("waits until the channel is reconnected: ")
    late = Post.objects.exclude(pk=sent.pk).get()
    publishing.publish(late.pk)
    assert (state(late), late.attempts_made) == ("scheduled", 0)  # with it


def test_a_refusal_keeps_the_networks_words(sent, answers):
    answers.append(Refused(reason="too old to delete", code="400"))
    change = acts.take_back(sent.pk, None, "wrong")
    do_all()
    change.refresh_from_db()
    assert (change.state, change.trouble, state(sent)) == ("refused", "too old to delete 400", "sent")
    assert list(changing.failed()) == [change]


def test_refused_credentials_hold_the_channel_and_its_changes_wait_for_the_reconnect(sent, answers, fake):
    answers.append(Refused(reason="the access token is invalid", code="401"))
    change = acts.take_back(sent.pk, None, "a name stood in it")
    do_all()
    assert state(change) == "waiting"
    assert change.trouble == "waits until the channel is reconnected: the access token is invalid"
    assert Channel.objects.get().refused_at is not None
    let_time_pass()
    assert changing.due() == []
    changing.change(change.pk)
    assert (state(change), change.attempts_made) == ("waiting", 1)
    channels.connect("fake", name="Fake", network="fake", credentials={})
    do_all()
    assert (state(change), state(sent)) == ("done", "gone")


def test_a_channel_that_nobody_can_reconnect_is_removed_and_what_waited_there_is_left_to_hands(sent, answers):
    answers.append(Refused(reason="the access token is invalid", code="401"))
    change = acts.take_back(sent.pk, None, "a name stood in it")
    do_all()
    assert tending.remove(Channel.objects.get(), None, "the account is gone") == ""
    assert (state(change), change.trouble) == ("refused", tending.BY_HAND)
    assert [one.pk for one in changing.failed()] == [change.pk]


@pytest.mark.parametrize(("done", "becomes", "leaves"), [(True, "done", "gone"), (False, "void", "sent")])
def test_someone_does_by_hand_what_was_refused_or_lets_it_be(sent, answers, done, becomes, leaves):
    answers.append(Refused(reason="too old to delete"))
    change = acts.take_back(sent.pk, None, "wrong")
    do_all()
    assert acts.settle_change(change.pk, None, "I was there", done=done)
    assert not acts.settle_change(change.pk, None, "I was there", done=done)
    assert (state(change), state(sent)) == (becomes, leaves)
    assert not changing.failed().exists()


def test_later_is_later_and_no_answer_is_asked_again_until_it_is_given_up(sent, answers):
    answers += [Deferred(until=timezone.now() + timedelta(hours=1), reason="patience"), *[Unknown(reason="lost")] * 4]
    change = acts.take_back(sent.pk, None, "wrong")
    states = []
    for _ in range(6):
        do_all()
        states.append(state(change))
        let_time_pass()
    assert states == ["waiting"] * 4 + ["unknown"] * 2
    assert change.trouble == "lost"


def test_what_may_be_out_is_deleted_when_it_is_found(post, fake):
    fake.answer = lambda draft: fake.out.update({draft.key: draft}) or Unknown(reason="no answer")
    publishing.publish(post.pk)
    change = acts.take_back(post.pk, None, "wrong")
    do_all()
    assert state(change) == "waiting"
    post.attempts.update(finished_at=timezone.now() - timedelta(minutes=2))
    resolving.resolve(post.pk)
    do_all()
    assert (state(change), state(post), fake.out) == ("done", "gone", {})


def test_what_is_taken_back_while_it_is_under_way_does_not_go_out_later(post, fake):
    claimed = publishing._claim(post.pk)
    change = acts.take_back(post.pk, None, "wrong")
    publishing.settle(*claimed, Deferred(until=timezone.now(), reason="patience"))
    publishing.publish(post.pk)
    assert fake.out == {}
    assert publishing.due_posts() == []
    assert changing.void() == 1
    assert (state(change), state(post)) == ("void", "dropped")


def test_a_post_that_is_out_nobody_knows_where_is_for_a_person_to_delete(post, fake):
    fake.answer = lambda draft: Unknown(reason="no answer")
    publishing.publish(post.pk)
    acts.settle(post.pk, None, "I see it", went_out=True)
    change = acts.take_back(post.pk, None, "wrong")
    do_all()
    assert (state(change), change.trouble) == ("refused", changing.NOWHERE)


def test_stop_holds_edits_and_never_a_deletion(sent, fake):
    stopping.stop(Stop.Scope.EVERYTHING, None, None, "wait")
    edit = acts.edit(sent.pk, None, "a comma", text="x")
    do_all()
    assert state(edit) == "waiting"
    acts.take_back(sent.pk, None, "wrong")
    do_all()
    assert (state(edit), state(sent)) == ("void", "gone")


def test_a_later_edit_takes_the_place_of_one_that_waits(sent, fake):
    first = acts.edit(sent.pk, None, "a comma", text="One")
    assert acts.edit(sent.pk, None, "a full stop", text="Two").pk == first.pk
    do_all()
    assert fake.out[sent.remote_id].text == "Two"


def test_an_edit_that_is_put_off_makes_way_for_a_later_one(sent, fake, answers):
    first = acts.edit(sent.pk, None, "a comma", text="One")
    claimed = changing._claim(first.pk)
    second = acts.edit(sent.pk, None, "a full stop", text="Two")
    changing.change(second.pk)
    assert state(second) == "waiting", "one change of a post at a time"
    changing.settle(claimed, Deferred(until=timezone.now(), reason="patience"))
    changing.change(second.pk)
    assert (state(first), state(second)) == ("void", "done")


def test_a_dead_workers_change_is_asked_for_again(sent, fake):
    change = acts.take_back(sent.pk, None, "wrong")
    late = changing._claim(change.pk)
    Change.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert changing.expire_claims() == 1
    let_time_pass()
    do_all()
    assert (state(change), state(sent)) == ("done", "gone")
    assert not changing.settle(late, Sent())


def test_all_posts_of_a_story_go_at_once(sent, fake, make_article):
    channels.connect("second", name="Second", network="fake", credentials={})
    channels.connect("third", name="Third", network="fake", credentials={})
    planning.plan(sent.article)
    second, third = Post.objects.exclude(pk=sent.pk).order_by("pk")
    Post.objects.filter(pk=third.pk).update(state="unknown")
    done = taking_back.all_of(sent.story_id, None, "the source is in danger")
    assert (done.dropped, done.deleting, done.doubtful, done.by_hand) == (1, 1, 1, ())
    do_all()
    assert (state(sent), state(second), state(third)) == ("gone", "dropped", "unknown")
    assert fake.out == {}


@pytest.mark.parametrize("name", connected.NETWORKS)
def test_each_network_deletes_what_is_out(name, connect, make_article, standins):
    connect(name)
    planning.plan(make_article())
    publishing.publish(Post.objects.get().pk)
    assert len(standins.store.posts(name)) == 1
    told = taking_back.all_of(Post.objects.get().story_id, None, "wrong")
    do_all()
    if name == "apprise":  # it only sends
        assert told.by_hand == (Post.objects.get(),)
        return
    assert standins.store.posts(name) == []
    assert Channel.objects.get().posts.get().state == "gone"


@pytest.mark.django_db(transaction=True)
def test_many_workers_do_each_change_once_and_never_two_of_a_post_at_a_time(sent, fake, monkeypatch):
    under_way, done = [], []

    def slowly(act):
        def do(remote_id, *_):
            under_way.append(act)
            assert len(under_way) == 1, under_way
            done.append(act)
            threading.Event().wait(0.05)
            under_way.pop()
            return Sent(remote_id=remote_id)

        return do

    monkeypatch.setattr(fake, "edit", slowly("edit"))
    monkeypatch.setattr(fake, "delete", slowly("delete"))
    edit = acts.edit(sent.pk, None, "a comma", text="x")
    delete = Change.objects.create(post=sent, act="delete", due_at=timezone.now())
    ready = threading.Barrier(6)

    def work(number):
        ready.wait()
        changing.change(number)
        connection.close()

    workers = [threading.Thread(target=work, args=(number,)) for number in (edit.pk, delete.pk) * 3]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(done) in {1, 2}
    do_all()
    let_time_pass()
    do_all()
    assert sorted(set(done)) == sorted(done)
    assert done[-1] == "delete"
    assert state(sent) == "gone"
