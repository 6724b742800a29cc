"""A program moves posts as they stood when it looked, decides about late ones, lets one come again, and plans a file."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts.models import Desk
from dispatch.api.tokens import Scope
from dispatch.articles.models import Story
from dispatch.social.models import Channel, Post, Recurrence, Slot

pytestmark = pytest.mark.django_db
WHY = {"reason": "the plan changed"}
AGAIN = WHY | {"every": 2, "unit": "week", "first": "2026-12-02", "at": "09:30"}


@pytest.fixture
def masto():
    return newsroom.channel("masto", "fake")


@pytest.fixture
def planned(masto):
    moment = timezone.now() + timedelta(days=1)
    return newsroom.post(on=masto, about=newsroom.story("en"), state="scheduled", due_at=moment)


def asked(post, days, **more):
    moment = timezone.now() + timedelta(days=days)
    return {"at": moment.isoformat(), "seen_state": post.state, "seen_due_at": post.due_at.isoformat(), **more}


def kind(answer):
    return answer.json()["type"].rpartition("/")[2]


def test_a_post_is_moved_from_where_it_was_seen_and_from_nowhere_else(alice, planned):
    said = asked(planned, 3)
    assert alice.post(f"/posts/{planned.pk}/move", said).json()["due_at"][:16] == said["at"][:16]
    again = alice.post(f"/posts/{planned.pk}/move", said)
    assert (again.status_code, kind(again)) == (409, "stale")


def test_a_draft_that_is_moved_stays_one(alice, planned):
    Post.objects.update(state="draft")
    planned.refresh_from_db()
    assert alice.post(f"/posts/{planned.pk}/move", asked(planned, 3)).json()["state"] == "draft"


def test_a_slot_that_is_none_and_quiet_hours_keep_it(alice, planned):
    assert kind(alice.post(f"/posts/{planned.pk}/move", asked(planned, 3, into_slot=True))) == "not-then"
    Channel.objects.update(quiet_from="00:00", quiet_to="23:59:59")
    assert kind(alice.post(f"/posts/{planned.pk}/move", asked(planned, 3))) == "not-then"
    assert alice.post(f"/posts/{planned.pk}/move", asked(planned, 3, may_be_quiet=True)).status_code == 200


def test_late_posts_wait_for_a_decision(alice, masto):
    late = [newsroom.post(on=masto, about=newsroom.story("en"), state="late") for _ in range(3)]
    assert {one["id"] for one in alice.get("/late").json()["items"]} == {one.pk for one in late}
    assert alice.post("/late/drop", WHY | {"posts": [late[0].pk]}).json() == {"done": 1, "left": 0}
    assert alice.post("/late/move", WHY | {"posts": [late[1].pk]}).json() == {"done": 0, "left": 1}
    assert alice.post("/late/send", WHY | {"posts": [late[1].pk, late[2].pk]}).json() == {"done": 2, "left": 0}
    assert Post.objects.filter(state="scheduled").values("due_at").distinct().count() == 2
    assert alice.post("/late/send", WHY | {"posts": [10**6]}).status_code == 422


def test_a_late_post_of_another_desk_or_under_embargo_stays(program, alice, masto):
    late = newsroom.post(on=masto, about=newsroom.story("en"), state="late")
    Channel.objects.update(desk=Desk.objects.create(slug="culture", name="Culture"))
    bob = program("editor", Scope.SCHEDULE, Scope.POSTS, name="Bob")
    bob.person.desks.set([Desk.objects.create(slug="news", name="News")])
    assert bob.post("/late/drop", WHY | {"posts": [late.pk]}).status_code == 403
    Story.objects.update(embargo_until=timezone.now() + timedelta(hours=1))
    assert bob.get("/late").json()["items"] == []
    assert bob.post("/late/drop", WHY | {"posts": [late.pk]}).status_code == 422
    assert Post.objects.get().state == "late"


def test_a_post_comes_again_until_somebody_stops_it(alice, masto):
    out = newsroom.post(on=masto, about=newsroom.story("en"))
    made = alice.post(f"/posts/{out.pk}/again", AGAIN)
    assert made.status_code == 201
    rule = made.json()
    assert rule["words"].startswith("every 2 weeks on Wednesday at 09:30")
    assert rule["next"]
    assert alice.get(f"/posts/{out.pk}/again").json()["items"] == [rule]
    assert alice.post(f"/recurrences/{rule['id']}/stop", WHY).json()["state"] == "stopped"
    assert alice.post(f"/recurrences/{rule['id']}/stop", WHY).status_code == 409


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"every": 30, "unit": "month"}, "every"), ({"until": "2026-12-01"}, "until"), ({"at": "25:00"}, "at")],
)
def test_what_cannot_come_again_is_said(alice, masto, wrong, field):
    out = newsroom.post(on=masto, about=newsroom.story("en"))
    assert field in alice.post(f"/posts/{out.pk}/again", AGAIN | wrong).json()["errors"]
    assert not Recurrence.objects.exists()


def test_a_file_is_looked_at_and_then_planned_as_it_was_seen(alice, masto):
    story = newsroom.story("en", key="site:12")
    Slot.objects.create(channel=masto, weekday=0, at="09:00")
    file = {"csv": "channel,moment,story,text\nmasto,next,site:12,Doors open at six.\nnowhere,next,site:12,\n"}
    look = alice.post("/imports/look", file).json()
    assert [one["outcome"] for one in look["lines"]] == ["plan", "problem"]
    assert look["plannable"] == 1
    assert not Post.objects.exists()
    assert kind(alice.post("/imports", file | {"digest": "0" * 64})) == "stale"
    assert alice.post("/imports", file | {"digest": look["digest"]}).json() == {"planned": 1}
    assert (Post.objects.get().story, Post.objects.get().text) == (story, "Doors open at six.")
    assert kind(alice.post("/imports", file | {"digest": look["digest"]})) == "exists"


def test_a_file_that_is_none_and_a_token_that_may_not_see_all(alice, program):
    assert "csv" in alice.post("/imports/look", {"csv": "nothing"}).json()["errors"]
    refused = program("editor", Scope.SCHEDULE, name="Bob").post("/imports/look", {"csv": "x"})
    assert (refused.status_code, kind(refused)) == (403, "not-allowed")


def test_an_operators_token_sets_when_a_channel_posts(alice, program, masto):
    times = {"slots": "mon-fri 09:00 17:30", "quiet": "22:00-07:00", "zone": "Europe/Vilnius"}
    said = alice.post("/channels/masto/times", times).json()
    assert (said["quiet"], said["zone"], Slot.objects.count()) == ("22:00-07:00", "Europe/Vilnius", 10)
    assert alice.post("/channels/masto/times", {"slots": "someday"}).json()["errors"]["slots"]
    assert alice.post("/channels/masto/times", {"quiet": ""}).json()["slots"] == said["slots"]
    assert program("editor", name="Bob").post("/channels/masto/times", times).status_code == 403
