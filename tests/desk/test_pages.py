"""The editors' pages: what goes out today, a story, an edition; acts ask why and say what they did."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts import stopping
from dispatch.accounts.models import AuditEntry
from dispatch.delivery import closing, forgetting, sending
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Send
from dispatch.desk import states
from dispatch.editions.models import Edition
from dispatch.outcomes import Refused, Sent
from dispatch.social.models import Post

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client):
    return newsroom.signed_in(client, "approver")


@pytest.fixture
def send(monkeypatch):
    """An edition to five readers; one was refused, and it is over."""
    from dispatch.delivery import relays

    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=5)
    newsroom.relay()
    answers = iter([Refused(reason="gone", code="550 5.1.1")])
    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(lambda message: next(answers, Sent())))
    one = newsroom.send(office, newsroom.story("en"))
    sending.send_chunk(one.pk, 1)
    assert closing.close(one) == "finished"
    return one


@pytest.fixture
def gathering():
    """A digest that has an hour."""
    daily = newsroom.newsletter("daily", names={"en": "The day"}, cadence="daily", languages=["en"])
    due = timezone.now() + timedelta(hours=1)
    return Edition.objects.create(newsletter=daily, slot="2026-11-23", state="gathering", due_at=due)


def shown(client, path):
    return " ".join(client.get(path).content.decode().split())


def test_home_says_what_each_edition_brings_and_what_came_of_it(alice, send):
    page = shown(alice, "/")
    assert "Office news</a> <span" in page
    assert "A reading room opens beside the river" in page
    assert '<span>4 accepted</span> <span class="state bad">1 refused</span>' in page


def test_an_edition_says_when_nobody_reads_along_and_when_it_is_for_wishes_of_their_own(alice):
    office = newsroom.newsletter(languages=["en"])
    send = newsroom.send(office, newsroom.story("en"))
    assert "nobody reads along" in shown(alice, "/")
    assert "Nobody reads along: everyone" in shown(alice, f"/editions/{send.edition_id}")
    Edition.objects.update(slot="own:2026-11-23T08:00:00")
    assert "for readers with wishes of their own" in shown(alice, "/")
    assert "For readers with wishes of their own" in shown(alice, f"/editions/{send.edition_id}")


def test_an_edition_of_several_stories_is_called_by_its_first_and_their_number(alice, gathering):
    for title in ("The river", "The bridge", "The mill"):
        one = newsroom.story("en", titles={"en": title})
        gathering.stories.create(newsletter=gathering.newsletter, story=one, position=one.pk)
    assert "The river, and 2 more" in shown(alice, f"/editions/{gathering.pk}")


def test_what_came_of_a_send_is_still_told_when_its_exceptions_are_forgotten(alice, send):
    story = send.edition.stories.get().story_id
    Send.objects.update(finished_at=timezone.now() - forgetting.KEPT - timedelta(hours=1))
    assert forgetting.begin() == 1
    assert '<span>4 accepted</span> <span class="state bad">1 refused</span>' in shown(alice, f"/stories/{story}")


def test_a_story_says_which_languages_and_channels_are_missing_and_why(alice):
    newsroom.newsletter()
    newsroom.channel("telegram", "telegram", languages=["uk"])
    page = shown(alice, f"/stories/{newsroom.story('en', 'be').pk}")
    assert "A newsletter speaks this language, the story does not." in page
    assert "it posts in uk only" in page


def test_stories_are_found_by_the_words_of_a_title_and_say_what_was_made_of_them(alice):
    one = newsroom.story("en", titles={"en": "The river rises"})
    newsroom.story("en", titles={"en": "Letters"})
    newsroom.post(newsroom.channel(), one)
    newsroom.post(newsroom.channel("x", "x"), one, Post.State.REFUSED)
    page = shown(alice, "/stories/?words=river")
    assert "The river rises" in page
    assert "Letters" not in page
    assert "1 posted" in page
    assert "1 refused" in page


def test_an_empty_search_offers_the_way_back(alice):
    assert 'No title has “river”. <a href="/stories/">Show all</a>' in shown(alice, "/stories/?words=river")


def test_a_digest_leaves_before_its_time_when_an_approver_says_why(alice, gathering):
    page = alice.post(f"/editions/{gathering.pk}/do/send-now", {"reason": "The storm"}, follow=True).content.decode()
    assert "It leaves now." in page
    assert AuditEntry.objects.get(act="edition.send_now").reason == "The storm"


def test_an_editor_may_pause_and_may_not_resume(client, send):
    Send.objects.update(state="sending")
    editor = newsroom.signed_in(client, "editor")
    page = editor.post(f"/sends/{send.pk}/do/pause", {"reason": "The wrong photo"}, follow=True).content.decode()
    assert "Paused. Nothing is on the wire." in page
    assert "Resume" not in page
    answer = editor.post(f"/sends/{send.pk}/do/resume", {"reason": "Mended"})
    assert answer.status_code == 403
    assert "role is approver or above" in answer.content.decode()
    assert Send.objects.get().state == "paused"


def test_one_that_paused_by_itself_is_resumed_from_its_page(client, send):
    Send.objects.update(state="paused", is_held=True, trouble="It stood still for hours.")
    approver = newsroom.signed_in(client, "approver")
    page = approver.get(f"/editions/{send.edition_id}").content.decode()
    assert "It paused by itself." in page
    assert f'action="/sends/{send.pk}/do/resume"' in page
    approver.post(f"/sends/{send.pk}/do/resume", {"reason": "It still matters"})
    assert (Send.objects.get().state, Send.objects.get().trouble) == ("sending", "")


def test_what_is_over_is_not_cancelled_and_says_so(alice, send):
    page = alice.post(f"/sends/{send.pk}/do/cancel", {"reason": "Too late"}, follow=True).content.decode()
    assert "It was over already; nothing was changed." in page


@pytest.mark.parametrize(("answer", "state"), [("yes", "sent"), ("no", "scheduled")])
def test_who_looked_settles_a_post_of_which_nobody_knew(alice, answer, state):
    post = newsroom.post(newsroom.channel(), newsroom.story("en"), Post.State.UNKNOWN)
    alice.post(f"/posts/{post.pk}/settle", {"reason": "I looked", "went_out": answer})
    post.refresh_from_db()
    assert post.state == state


@pytest.mark.parametrize("path", ["/", "/stories/", "/posts/unknown", "/editions/1", "/stories/1"])
def test_a_stranger_is_asked_to_sign_in(client, path):
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/?next=")


def test_every_state_that_a_row_can_have_has_a_word_and_a_shape():
    from dispatch.articles.models import Article
    from dispatch.delivery.models import Chunk, DeliveryException, Relay

    kinds = {
        "article": Article.State,
        "edition": Edition.State,
        "send": Send.State,
        "post": Post.State,
        "reader": DeliveryException.State,
        "chunk": Chunk.State,
        "breaker": Relay.Breaker,
    }
    for kind, known in kinds.items():
        assert set(known.values) == set(states.WORDS[kind]), kind


def test_an_editor_is_led_to_no_page_that_they_may_not_open(client):
    newsroom.post(newsroom.channel(), newsroom.story("en"), Post.State.REFUSED)
    stopping.stop("everything", None, None, "The wrong photo")
    page = shown(newsroom.signed_in(client, "editor"), "/")
    assert "1 post refused" in page
    assert "An operator sees to it." in page
    assert "The wrong photo" in page
    assert "/operations/queue" not in page


def test_an_operator_is_led_there(client):
    newsroom.post(newsroom.channel(), newsroom.story("en"), Post.State.REFUSED)
    stopping.stop("everything", None, None, "The wrong photo")
    page = shown(newsroom.signed_in(client), "/")
    assert 'href="/operations/queue/#posts"' in page
    assert 'href="/operations/queue/#stop"' in page


def test_a_digest_that_gathers_shows_the_inbox_line_that_it_would_have(alice, gathering):
    gathering.stories.create(newsletter=gathering.newsletter, story=newsroom.story("en"))
    page = shown(alice, f"/editions/{gathering.pk}")
    assert "A reading room opens beside the river</b>" in page
    assert "As it would be if it were rendered now." in page
    assert "Its page on the web" not in page


def test_an_edition_that_cannot_be_rendered_says_why_where_the_mail_would_be(alice, gathering):
    trouble = "The picture of “The mill” comes from a host that is not allowed."
    Edition.objects.update(state="failed", trouble=trouble)
    assert f"There is nothing to see yet: {trouble}</p>" in shown(alice, f"/editions/{gathering.pk}")


@pytest.mark.parametrize(("is_demo", "where"), [(True, "/demo/wall#mastodon"), (False, "https://social.example.org/1")])
def test_a_post_is_seen_where_it_is(alice, settings, is_demo, where):
    """The demo's posts never left: an address of the real network would show somebody else's."""
    settings.DEMO = is_demo
    story = newsroom.story("en")
    newsroom.post(newsroom.channel(), story, remote_url="https://social.example.org/1")
    assert f'<a href="{where}" rel="noreferrer">See it</a>' in shown(alice, f"/stories/{story.pk}")


@pytest.mark.parametrize(("role", "is_link"), [("operator", True), ("approver", False)])
def test_the_number_of_the_refused_leads_to_them_whoever_may_go_there(client, send, role, is_link):
    page = shown(newsroom.signed_in(client, role), f"/editions/{send.edition_id}")
    assert ('<a href="/operations/queue/#mail"><b' in page) is is_link
