"""What programs read: stories, mail in numbers, the calendar, the newsroom's state; and what they must not see."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts import audit
from dispatch.accounts.models import AuditEntry
from dispatch.api.tokens import Scope
from dispatch.articles.models import Story
from dispatch.delivery.models import Send
from dispatch.editions.models import Edition

pytestmark = pytest.mark.django_db


@pytest.fixture
def going():
    """A send under way, to three readers."""
    newsroom.relay()
    office = newsroom.newsletter()
    newsroom.readers(office, en=2, be=1)
    send = newsroom.send(office, newsroom.story("en", "be"))
    Send.objects.filter(pk=send.pk).update(state="sending")
    return send


@pytest.fixture
def secret_story():
    """Under embargo for an hour, with a post."""
    story = newsroom.story("en")
    newsroom.post(on=newsroom.channel(), about=story, state="scheduled", due_at=timezone.now() + timedelta(hours=1))
    Story.objects.filter(pk=story.pk).update(embargo_until=timezone.now() + timedelta(hours=1))
    return story


def test_a_story_in_its_languages(alice):
    story = newsroom.story("en", "be")
    said = alice.get(f"/stories/{story.pk}").json()
    assert [one["language"] for one in said["versions"]] == ["en", "be"]
    assert said["title"] == newsroom.TITLES["en"]
    assert alice.get("/stories?words=reading").json()["items"] == [said]
    assert alice.get("/stories?words=nothing").json()["items"] == []


def test_pages_do_not_shift_when_something_new_comes(alice):
    old = [newsroom.story("en").pk for _ in range(5)]
    first = alice.get("/stories?limit=2").json()
    newsroom.story("en")
    rest, address = [], first["next"]
    while address:
        page = alice.get(address.removeprefix("http://dispatch.test/api/v1")).json()
        rest += [one["id"] for one in page["items"]]
        address = page["next"]
    assert [one["id"] for one in first["items"]] + rest == old[::-1]


@pytest.mark.parametrize("cursor", ["x", "YWZ0ZXIgeA", "YWZ0ZXIg4pGg", "%00", "🙂"])
def test_a_cursor_is_one_of_ours(alice, cursor):
    assert alice.get(f"/stories?cursor={cursor}").status_code == 422


def test_nothing_of_an_embargoed_story_is_seen_before_its_minute(program, secret_story):
    every = [one for one in Scope if one != Scope.EMBARGOED]
    post = secret_story.posts.get()
    audit.record(None, "story.embargo", f"story:{secret_story.pk}", "for Monday")
    audit.record(None, "post.schedule", f"post:{post.pk}", "for Monday")
    stranger, friend = program("operator", *every), program("operator")
    begin, end = (f"{timezone.now() + timedelta(days=n):%Y-%m-%dT%H:%M:%SZ}" for n in (-1, 1))
    lists = ("/stories", "/posts", f"/calendar?begin={begin}&end={end}", "/audit?act=story.", "/audit?act=post.")
    for path in lists:
        assert stranger.get(path).json()["items"] == [], path
        assert len(friend.get(path).json()["items"]) == 1, path
    for path in (f"/stories/{secret_story.pk}", f"/posts/{post.pk}"):
        assert (stranger.get(path).status_code, friend.get(path).status_code) == (404, 200)
    assert stranger.patch(f"/posts/{post.pk}", {"version": 1, "text": "x"}).status_code == 404
    assert stranger.post("/posts", {"story": secret_story.pk, "channel": "masto"}).status_code == 422
    Story.objects.update(embargo_until=timezone.now())
    assert stranger.get(f"/stories/{secret_story.pk}").status_code == 200


def test_an_edition_that_brings_an_embargoed_story_is_not_seen_either(program, going):
    every = [one for one in Scope if one != Scope.EMBARGOED]
    stranger, friend = program("operator", *every), program("operator")
    Story.objects.update(embargo_until=timezone.now() + timedelta(hours=1))
    for path in (f"/editions/{going.edition_id}", f"/sends/{going.pk}"):
        assert (stranger.get(path).status_code, friend.get(path).status_code) == (404, 200)
    assert stranger.post(f"/sends/{going.pk}/pause", {"reason": "a drill"}).status_code == 404


def test_mail_in_numbers_and_never_an_address(alice, going):
    said = alice.get(f"/sends/{going.pk}").json()
    assert (said["readers"], said["untouched"], said["accepted"]) == (3, 3, 0)
    assert said["missing"] == [{"fate": "untouched", "code": "", "readers": 3}]
    assert alice.get("/editions?newsletter=office").json()["items"][0]["send"] == going.pk
    newsletters = alice.get("/newsletters")
    assert newsletters.json()["items"][0]["names"]["be"] == "Навіны Офіса"
    for path in ("/newsletters", "/editions", f"/sends/{going.pk}", "/queue", "/health", "/audit", "/stories"):
        assert "@" not in alice.get(path).content.decode(), path


def test_a_program_pauses_mail_and_a_person_lets_it_go_on(alice, going):
    said = alice.post(f"/sends/{going.pk}/pause", {"reason": "a mistake in the first line"}).json()
    assert (said["state"], said["may_still_leave"]) == ("paused", 0)
    assert alice.post(f"/sends/{going.pk}/pause", {"reason": "once more"}).status_code == 409
    assert alice.post(f"/sends/{going.pk}/resume", {}).status_code == 403
    assert Send.objects.get().state == "paused"


def test_a_stop_is_pulled_by_name_and_lifted_by_nobody_here(alice):
    newsroom.newsletter()
    pulled = alice.post("/stops", {"scope": "newsletter", "target": "office", "reason": "a drill"}).json()
    assert pulled["words"] == "No mail of office leaves."
    assert [one["id"] for one in alice.get("/stops").json()["items"]] == [pulled["id"]]
    for wrong in (
        {"scope": "newsletter", "target": "none"},
        {"scope": "channel"},
        {"scope": "everything", "target": "x"},
    ):
        assert "target" in alice.post("/stops", wrong | {"reason": "a drill"}).json()["errors"]


def test_a_stop_says_how_many_posts_may_still_appear(alice):
    masto = newsroom.channel()
    newsroom.post(masto, newsroom.story("en"), "claimed", lease_until=timezone.now() + timedelta(minutes=2))
    pulled = alice.post("/stops", {"scope": "channel", "target": "masto", "reason": "a drill"}).json()
    assert (pulled["may_still_leave"], pulled["may_still_appear"]) == (0, 1)


def test_channels_with_their_limits_and_next_free_slot(alice):
    channel = newsroom.channel()
    channel.slots.create(weekday=0, at="09:00")
    said = alice.get("/channels/masto").json()
    assert (said["slots"], said["limits"]["unit"]) == ("mon 09:00", "characters")
    assert said["next_free"] is not None
    assert alice.get("/channels").json()["items"] == [said]
    assert alice.get("/channels/nowhere").status_code == 404


def test_the_calendar_has_both_in_order_and_editions_only_for_who_may_see_them(program, going):
    newsroom.post(on=newsroom.channel(), about=newsroom.story("en"))
    begin, end = (f"{timezone.now() + timedelta(days=n):%Y-%m-%dT%H:%M:%SZ}" for n in (-1, 1))
    query = f"/calendar?begin={begin}&end={end}"
    kinds = [one["kind"] for one in program().get(query).json()["items"]]
    assert sorted(kinds) == ["edition", "post"]
    assert [one["kind"] for one in program("operator", Scope.POSTS).get(query).json()["items"]] == ["post"]
    assert program().get(f"/calendar?begin={end}&end={begin}").status_code == 422


def test_the_newsroom_as_a_whole(alice):
    assert alice.get("/queue").json()["board"]["post"]["unknown"] == {"count": 0, "exact": True, "oldest": None}
    assert {one["part"] for one in alice.get("/health").json()["checks"]} >= {"Database", "Clock"}
    assert alice.get("/me").json()["role"] == "operator"
    assert alice.get("/audit").json()["items"][0]["act"] == "token.make"


def test_a_channel_is_switched_off_and_asked_whether_it_can_post(alice):
    newsroom.channel("fake", "fake")
    assert alice.post("/channels/fake/switch", {"on": False, "reason": "a drill"}).json()["active"] is False
    assert AuditEntry.objects.filter(target="channel:fake", reason="a drill").exists()
    assert alice.post("/channels/fake/probe").json()["ok"] is True


def test_an_embargo_is_placed_made_longer_and_not_made_shorter(alice, going):
    story = Story.objects.get()
    until = timezone.now() + timedelta(days=2)
    said = {"until": until.isoformat(), "reason": "the court sits on Monday"}
    assert alice.post(f"/stories/{story.pk}/embargo", said).json()["may_still_leave"] == 0
    assert Story.objects.get().embargo_until == until
    assert Send.objects.get().state == "paused"
    earlier = said | {"until": (until - timedelta(days=1)).isoformat()}
    assert alice.post(f"/stories/{story.pk}/embargo", earlier).json()["type"].endswith("needs-a-person")
    assert alice.post(f"/stories/{story.pk}/embargo", said | {"until": "2020-01-01T00:00:00Z"}).status_code == 422
    odd = said | {"until": "2100-04-22T17:52:48-23:13"}
    assert alice.post(f"/stories/{story.pk}/embargo", odd).status_code == 200


def test_a_late_digest_leaves_with_the_next(alice):
    office = newsroom.newsletter(cadence="weekly")
    edition = newsroom.edition(office, newsroom.story("en"))
    assert alice.post(f"/editions/{edition.pk}/with-next", {"reason": "too late today"}).status_code == 409
    Edition.objects.update(state="late", slot="2026-01-01")
    assert alice.post(f"/editions/{edition.pk}/with-next", {"reason": "too late today"}).status_code == 204
    edition.refresh_from_db()
    assert edition.state == "withdrawn"
