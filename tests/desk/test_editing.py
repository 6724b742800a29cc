"""At the desk: a digest's stories, its words, what blocks it, its test letters and its moment."""

import json
from datetime import timedelta

import newsroom
import pytest
from django.urls import reverse
from django.utils import timezone

from dispatch import queue, saying
from dispatch.accounts.models import AuditEntry
from dispatch.articles import embargo
from dispatch.delivery.models import Trial
from dispatch.editions import phrasing, planning
from dispatch.editions.models import Barred, Edition

pytestmark = pytest.mark.django_db
TITLES = ("The river", "The bridge", "The mill")


@pytest.fixture
def rung(monkeypatch):
    rung = []
    monkeypatch.setattr(queue, "enqueue", lambda task, *ids: rung.append((task, *ids)))
    return rung


@pytest.fixture
def edition(rung):
    """A digest of three stories, the newest first."""
    newsroom.newsletter("daily", names={"en": "The day"}, cadence="daily", languages=["en", "be"])
    for age, title in enumerate(TITLES):
        plan(newsroom.story("en", titles={"en": title}, published_at=timezone.now() - timedelta(minutes=age)))
    return Edition.objects.get()


def plan(story):
    for article in story.articles.all():
        planning.plan(article)


@pytest.fixture
def alice(client, edition):
    return newsroom.signed_in(client, "approver")


def shown(client, path):
    return " ".join(client.get(path).content.decode().split())


def titles(edition):
    from dispatch.editions import arranging

    return [row.story.articles.get().current.title for row in arranging.placed(edition)]


def at(edition, title):
    return edition.stories.get(story__articles__current__title=title).story_id


def test_stories_stand_in_order_and_are_moved_by_a_button(alice, edition):
    page = shown(alice, f"/editions/{edition.pk}")
    assert page.index("The river") < page.index("The bridge") < page.index("The mill")
    assert "where their letter brings these very stories; else the newest come first" in page
    alice.post(f"/editions/{edition.pk}/stories/{at(edition, 'The mill')}/move", {"step": "first"})
    assert titles(edition) == ["The mill", "The river", "The bridge"]
    assert (
        alice.post(f"/editions/{edition.pk}/stories/{at(edition, 'The mill')}/move", {"step": "x"}).status_code == 404
    )


def test_an_order_that_was_dragged_is_kept_until_the_edition_is_rendered(alice, edition):
    wanted = [at(edition, title) for title in ("The bridge", "The mill", "The river")]
    assert alice.post(f"/editions/{edition.pk}/order", {"story": wanted}).status_code == 200
    assert titles(edition) == ["The bridge", "The mill", "The river"]
    Edition.objects.update(state="rendered")
    done = alice.post(f"/editions/{edition.pk}/order", {"story": wanted})
    assert done.status_code == 409
    assert "it brings stands" in json.loads(done.content)["words"]


def test_a_story_is_dropped_with_a_reason_for_now_or_for_good(alice, edition):
    mill, bridge = at(edition, "The mill"), at(edition, "The bridge")
    alice.post(f"/editions/{edition.pk}/stories/{mill}/drop", {"reason": ""})
    assert len(titles(edition)) == 3
    done = alice.post(f"/editions/{edition.pk}/stories/{mill}/drop", {"reason": "tomorrow"}, follow=True)
    assert "It comes with the next edition." in done.content.decode()
    alice.post(f"/editions/{edition.pk}/stories/{bridge}/drop", {"reason": "not ours", "for_good": "yes"})
    assert titles(edition) == ["The river"]
    assert Barred.objects.get().story_id == bridge
    acts = AuditEntry.objects.filter(act__contains="_story").order_by("pk").values_list("act", "reason")
    assert list(acts) == [
        ("edition.drop_story", f"story {mill}: tomorrow"),
        ("edition.bar_story", f"story {bridge}: not ours"),
    ]


def test_a_story_is_found_by_its_title_and_whoever_cannot_be_picked_says_why(alice, edition):
    hidden = newsroom.story("en", titles={"en": "The secret river"})
    embargo.place(hidden.pk, edition.due_at + timedelta(hours=1), None, "not yet")
    free = newsroom.story("be", titles={"be": "The wide river"})
    page = shown(alice, f"/editions/{edition.pk}?find=river")
    assert "It is under embargo at the moment when this edition leaves." in page
    assert "It is in this edition already." in page
    assert page.count("/pick") == 1
    assert f"/stories/{free.pk}/pick" in page
    refused = alice.post(f"/editions/{edition.pk}/stories/{hidden.pk}/pick", follow=True).content.decode()
    assert "It is under embargo at the moment" in refused
    assert (
        "It is in, at the end."
        in alice.post(f"/editions/{edition.pk}/stories/{free.pk}/pick", follow=True).content.decode()
    )
    assert "No published title has" in shown(alice, f"/editions/{edition.pk}?find=nothing")


def words(**fields):
    return {"version": 0, "subject": "", "preheader": "", "intro": "", "outro": ""} | fields


def test_words_are_saved_and_the_template_stands_where_there_are_none(alice, edition):
    page = shown(alice, f"/editions/{edition.pk}")
    assert 'placeholder="The day: The river"' in page
    done = alice.post(f"/editions/{edition.pk}/words/en", words(subject="Three walks", intro="Good\r\nmorning\r\n"))
    assert done.url.endswith("#words-en")
    assert phrasing.of(edition, "en").intro == "Good\nmorning"
    page = shown(alice, f"/editions/{edition.pk}")
    assert 'value="Three walks" placeholder="The day: The river"' in page
    assert "Three walks</b>" in page
    assert alice.post(f"/editions/{edition.pk}/words/uk", words()).status_code == 404


def test_a_stale_save_changes_nothing_and_shows_both(alice, edition):
    phrasing.save(edition.pk, "en", phrasing.Said("Theirs"), 0, newsroom.person("editor", "Bob"))
    done = alice.post(f"/editions/{edition.pk}/words/en", words(subject="Mine"))
    page = done.content.decode()
    assert done.status_code == 409
    assert ("Saved by Bob" in page, "Theirs" in page, 'value="Mine"' in page) == (True, True, True)
    assert phrasing.of(edition, "en").subject == "Theirs"
    script = alice.post(
        f"/editions/{edition.pk}/words/en", words(subject="Mine"), headers={"Accept": "application/json"}
    )
    assert (script.status_code, "Bob saved other words" in script.json()["words"]) == (409, True)


def test_what_is_too_long_is_said_and_not_saved(alice, edition):
    done = alice.post(
        f"/editions/{edition.pk}/words/en", words(subject="x" * 251), headers={"Accept": "application/json"}
    )
    assert (done.status_code, done.json()["words"]) == (400, "A subject has 250 signs at most. It is not saved.")


def test_what_blocks_holds_send_now_until_an_approver_says_why_it_leaves(alice, edition):
    phrasing.save(edition.pk, "en", phrasing.Said(intro="TODO"), 0, None)
    assert "1 thing in the way" in shown(alice, f"/editions/{edition.pk}")
    held = alice.post(f"/editions/{edition.pk}/do/send-now", {"reason": "now"}, follow=True).content.decode()
    assert "Nothing left. Left over: “TODO” in the letter (en)." in held
    assert Edition.objects.get().state == "gathering"
    alice.post(f"/editions/{edition.pk}/do/send-now", {"reason": "it is the title", "although": "yes"})
    assert Edition.objects.get().state == "due"
    assert AuditEntry.objects.get(act="edition.overrule").reason == "against Left over: it is the title"


def test_what_blocks_holds_a_late_one_too(alice, edition):
    phrasing.save(edition.pk, "en", phrasing.Said(intro="TODO"), 0, None)
    Edition.objects.update(state="late")
    assert "It leaves all the same" in shown(alice, f"/editions/{edition.pk}")
    held = alice.post(f"/editions/{edition.pk}/do/late-now", {"reason": "it matters"}, follow=True).content.decode()
    assert "Nothing left. Left over: “TODO” in the letter (en)." in held
    assert Edition.objects.get().state == "late"
    alice.post(f"/editions/{edition.pk}/do/late-now", {"reason": "it is the title", "although": "yes"})
    assert Edition.objects.get().state == "due"


def test_what_does_not_block_is_nothing_to_overrule(alice, edition):
    alice.post(f"/editions/{edition.pk}/do/send-now", {"reason": "now", "although": "yes"})
    assert Edition.objects.get().state == "due"
    assert not AuditEntry.objects.filter(act="edition.overrule").exists()


def test_a_look_and_a_test_letter_are_asked_of_workers(alice, edition, rung):
    alice.post(f"/editions/{edition.pk}/preflight")
    done = alice.post(f"/editions/{edition.pk}/test", {"language": "en", "to": "me"}, follow=True).content.decode()
    trial = Trial.objects.get()
    assert ("upkeep.preflight", edition.pk) in rung
    assert ("email.send_trial", trial.pk) in rung
    assert "1 test letter on the way" in done
    assert "to you" in done
    assert "alice@example.org" not in done.partition('id="tests"')[2]
    none = alice.post(f"/editions/{edition.pk}/test", {"language": "fr"}, follow=True).content.decode()
    assert "Choose a language" in none


def test_an_approver_moves_its_moment(alice, edition):
    moment = timezone.localtime(timezone.now() + timedelta(days=2)).replace(second=0, microsecond=0)
    told = {"moment": saying.wall_clock(moment), "reason": "a holiday", "seen_due": edition.due_at.isoformat()}
    assert "It leaves " in alice.post(f"/editions/{edition.pk}/moment", told, follow=True).content.decode()
    assert Edition.objects.get().due_at == moment
    assert AuditEntry.objects.get(act="edition.move").reason.endswith("UTC. a holiday")
    page = alice.post(f"/editions/{edition.pk}/moment", told, follow=True).content.decode()
    assert "Somebody moved it" in page
    told["seen_due"] = moment.isoformat()
    assert (
        "Say why" in alice.post(f"/editions/{edition.pk}/moment", told | {"reason": ""}, follow=True).content.decode()
    )
    for wrong in ("2020-01-01T08:00", saying.wall_clock(moment + timedelta(days=40)), "soon"):
        page = alice.post(f"/editions/{edition.pk}/moment", told | {"moment": wrong}, follow=True).content.decode()
        assert "Nothing was changed." in page
    assert Edition.objects.get().due_at == moment


def test_an_editor_moves_no_moment(client, edition):
    newsroom.signed_in(client, "editor")
    assert client.post(f"/editions/{edition.pk}/moment", {"reason": "please"}).status_code == 403
    assert "Move it" not in shown(client, f"/editions/{edition.pk}")


def test_an_edition_of_one_article_and_one_that_left_cannot_be_arranged(alice, edition):
    office = newsroom.newsletter()
    sent = newsroom.send(office, newsroom.story("en")).edition
    page = shown(alice, f"/editions/{sent.pk}")
    assert "arrange" not in page
    assert "Before it leaves" not in page
    story = sent.stories.get().story_id
    done = alice.post(f"/editions/{sent.pk}/stories/{story}/drop", {"reason": "no"}, follow=True).content.decode()
    assert "Nothing was changed." in done


def test_a_discreet_preview_says_nothing_of_itself(alice, edition):
    page = alice.get(reverse("edition_preview_text", args=[edition.pk, "en"]) + "?discreet=1")
    assert page.status_code == 200
    assert "The day" not in page.content.decode()
    assert "The river" in page.content.decode()
    assert "Side by side" in shown(alice, f"/editions/{edition.pk}")
    assert shown(alice, f"/editions/{edition.pk}?show=all").count("<iframe") == 5
