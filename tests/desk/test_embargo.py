"""A story under embargo: every way out is closed until its minute, and then all of it goes by itself."""

from datetime import timedelta

import newsroom
import pytest
import time_machine
from django.utils import timezone

from dispatch import cli
from dispatch.accounts import views
from dispatch.accounts.models import AuditEntry
from dispatch.articles import embargo, ticks
from dispatch.articles.models import Article, Story
from dispatch.delivery import ledger
from dispatch.delivery.models import Chunk, Send
from dispatch.editions import departures, rendering
from dispatch.editions.models import Edition, Item
from dispatch.social import networks, publishing, timing
from dispatch.social.models import Post
from dispatch.workers import articles as workers

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def rung(monkeypatch):
    """The doorbells, instead of a broker."""
    rung = []
    monkeypatch.setattr("dispatch.queue.enqueue", lambda task, *ids: rung.append((task, *ids)))
    return rung


@pytest.fixture
def office(rung):
    """A newsletter of each article with a reader, and a channel."""
    networks.get("fake").out.clear()
    newsroom.channel("fake", "fake")
    office = newsroom.newsletter()
    newsroom.readers(office, en=1)
    return office


@pytest.fixture
def story(office):
    return newsroom.story("en", planned_at=None)


def plan(story):
    for number in story.articles.values_list("pk", flat=True):
        workers.plan_article(number)


def mailed(story):
    """As far as it gets: rendered, frozen, claimed."""
    for edition in Edition.objects.filter(stories__story=story, state="due"):
        rendering.render(edition.pk)
        ledger.enlist(edition.pk)
    return [ledger.claim(chunk.send_id, chunk.number) for chunk in Chunk.objects.all()]


def posted():
    for number in Post.objects.values_list("pk", flat=True):
        publishing.publish(number)
    return len(networks.get("fake").out)


def test_before_its_minute_nothing_leaves_and_then_all_of_it_does(story, rung):
    until = timezone.now() + HOUR
    Story.objects.update(embargo_until=until)
    plan(story)
    ticks.ring_unplanned()
    assert not Edition.objects.exists()
    assert Post.objects.get().due_at == until
    assert posted() == 0
    assert Article.objects.get().planned_at is None
    rung.clear()
    with time_machine.travel(until + timedelta(seconds=10)):
        ticks.ring_unplanned()
        assert rung == [("articles.plan_article", story.articles.get().pk)]
        plan(story)
        assert Edition.objects.filter(stories__story=story).exists()
        assert Article.objects.get().planned_at
    Story.objects.update(embargo_until=timezone.now())
    Post.objects.update(due_at=timezone.now())
    assert posted() == 1
    assert all(mailed(story))


def test_one_that_comes_late_stops_what_is_rendered_planned_and_shown(story, client):
    plan(story)
    (claimed,) = mailed(story)
    ledger.release(claimed, None)
    edition = Edition.objects.get(stories__story=story)
    assert client.get(f"/e/{edition.public_id}/en").status_code == 200
    assert client.get("/archive/office/en").content.count(b"/e/") == 1
    embargo.place(story.pk, timezone.now() + HOUR, newsroom.person(), "the family asked for it")
    plan(story)
    assert mailed(story) == [None]
    assert posted() == 0
    assert Post.objects.get().due_at > timezone.now()
    assert client.get(f"/e/{edition.public_id}/en").status_code == 404
    assert b"/e/" not in client.get("/archive/office/en").content
    assert b"/e/" not in client.get("/archive/office/en.atom").content
    embargo.place(story.pk, None, newsroom.person("approver", "Bob"), "they agree now")
    plan(story)
    Post.objects.update(due_at=timezone.now())
    assert all(mailed(story))
    assert posted() == 1


def test_a_digest_leaves_without_it_and_the_next_one_brings_it(office, rung):
    office.cadence = "daily"
    office.save()
    held, free = (newsroom.story("en", planned_at=None) for _ in range(2))
    for story in (held, free):
        plan(story)
    embargo.place(held.pk, timezone.now() + HOUR, None, "until the hearing")
    plan(held)
    digest = Edition.objects.get()
    assert list(digest.stories.values_list("story", flat=True)) == [free.pk]
    embargo.place(held.pk, None, None, "the hearing is over")
    plan(held)
    assert set(digest.stories.values_list("story", flat=True)) == {held.pk, free.pk}


def test_a_reader_with_a_rhythm_is_owed_it_until_it_may_be_told(office, story):
    plan(story)
    table = departures.table(office, timezone.now())
    assert table.offers[1].languages == {"en"}
    Story.objects.update(embargo_until=timezone.now() + HOUR)
    held = departures.table(office, timezone.now()).offers[1]
    assert (held.languages, held.topics) == (frozenset(), table.offers[1].topics)


def test_an_edition_for_rhythms_is_not_claimed_either(office, story):
    plan(story)
    (claimed,) = mailed(story)
    ledger.release(claimed, None)
    send = Send.objects.get()
    send.edition.stories.all().delete()
    send.edition.variants.update(telling=[f"{Item.objects.get().number}/en"])
    assert ledger.release(ledger.claim(send.pk, 1), None) is None
    Story.objects.update(embargo_until=timezone.now() + HOUR)
    assert ledger.claim(send.pk, 1) is None


def test_a_post_cannot_be_planned_for_before_it(story):
    plan(story)
    Post.objects.update(state="draft")
    Story.objects.update(embargo_until=timezone.now() + HOUR)
    post = Post.objects.get()
    assert timing.at(post.pk, timezone.now() + HOUR / 2, None) is timing.Placed.EMBARGO
    assert timing.at(post.pk, timezone.now() + 2 * HOUR, None) is timing.Placed.DONE


def test_the_desk_places_it_and_pauses_what_is_on_its_way(story, client):
    plan(story)
    mailed(story)
    newsroom.signed_in(client, "editor")
    moment = timezone.localtime() + timedelta(days=1)
    fields = {"moment": f"{moment:%Y-%m-%dT%H:%M}", "reason": "the family asked for it"}
    shown = client.post(f"/stories/{story.pk}/embargo", fields, follow=True).content.decode()
    assert "Nothing of it leaves before" in shown
    assert "is paused" in shown
    assert "under embargo" in shown
    assert Send.objects.get().state == "paused"
    assert AuditEntry.objects.filter(act="story.embargo").count() == 1
    earlier = fields | {"moment": f"{moment - HOUR:%Y-%m-%dT%H:%M}"}
    assert "Nothing was changed" in client.post(f"/stories/{story.pk}/embargo", earlier, follow=True).content.decode()
    assert client.post(f"/stories/{story.pk}/embargo/lift", {"reason": "why not"}).status_code == 403
    client.force_login(newsroom.person("approver", "Bob"), views.BACKEND)
    answer = client.post(f"/stories/{story.pk}/embargo/lift", {"reason": "they agree now"}, follow=True)
    assert "Lifted." in answer.content.decode()
    assert not embargo.holds(Story.objects.get())


@pytest.mark.parametrize("fields", [{}, {"moment": "soon", "reason": "just so"}, {"moment": "2027-01-01T08:00"}])
def test_what_is_missing_is_asked_for(story, client, fields):
    newsroom.signed_in(client, "editor")
    assert "Nothing was changed" in client.post(f"/stories/{story.pk}/embargo", fields, follow=True).content.decode()
    assert Story.objects.get().embargo_until is None


def test_the_command_publishes_under_one(office, tmp_path, capsys):
    file = tmp_path / "story.txt"
    file.write_text(
        "A reading room opens\n\nIt stands beside the river, and everybody may come in from Monday on.\n" * 3
    )
    assert cli.main(["publish", str(file), "--language", "en", "--embargo", "tomorrow"]) == 1
    assert "no moment with a zone" in capsys.readouterr().err
    assert cli.main(["publish", str(file), "--language", "en", "--embargo", "2030-01-01T08:30+02:00"]) == 0
    assert Story.objects.get().embargo_until.isoformat() == "2030-01-01T06:30:00+00:00"
