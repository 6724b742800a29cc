"""The page of newsletters and each one's own: what leaves next, its rules, and the team's addresses."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch import queue
from dispatch.accounts import views
from dispatch.accounts.models import AuditEntry
from dispatch.audience.models import Newsletter
from dispatch.delivery.models import TeamAddress
from dispatch.editions.models import Edition

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(monkeypatch):
    monkeypatch.setattr(queue, "enqueue", lambda *_: None)
    return newsroom.newsletter(cadence="weekly", weekday=0, at="08:00")


@pytest.fixture
def alice(client, office):
    return newsroom.signed_in(client)


def shown(client, path):
    return " ".join(client.get(path).content.decode().split())


def rules(**changes):
    said = {
        "languages": "en be ru", "topics": "", "cadence": "weekly", "weekday": "0", "at": "08:00", "zone": "Europe/Vilnius",
        "from_name": "The Office", "from_address": "news@example.org", "reply_to": "", "patience": "0", "hold": "0",
        "active": "on",        "name_en": "Office news", "name_be": "Навіны Офіса", "name_ru": "Новости Офиса",
        "reason": "agreed today",
    }  # fmt: skip
    return said | changes


def test_each_newsletter_says_when_it_leaves_next_and_what_came_of_the_last(alice, office):
    due = timezone.now() + timedelta(hours=3)
    Edition.objects.create(newsletter=office, slot="2026-11-30", due_at=due)
    each = newsroom.newsletter("each", names={"en": "At once"})
    newsroom.send(each, newsroom.story("en"))
    page = shown(alice, "/newsletters/")
    assert "weekly, Monday 08:00 (Europe/Vilnius)" in page
    assert "with the next article" in page
    assert "nobody reads along" in page
    assert "news@example.org" in page
    assert 'aria-current="page">Newsletters' in page


def test_a_newsletter_that_is_not_active_leaves_never(alice, office):
    Newsletter.objects.update(active=False)
    assert "not active" in shown(alice, "/newsletters/")
    assert "not while it is not active" in shown(alice, "/newsletters/office")


def test_an_operator_changes_its_rules_and_the_log_says_which(alice, office):
    changed = rules(
        cadence="daily", at="07:30", intro_be="Дзень *добры*", topics="culture, sport", languages="be en ru"
    )
    done = alice.post("/newsletters/office", changed, follow=True).content.decode()
    assert "Changed: cadence, hour, languages, topics, intros." in done
    one = Newsletter.objects.get()
    assert (one.cadence, f"{one.at:%H:%M}", one.languages) == ("daily", "07:30", ["be", "en", "ru"])
    assert (one.topics, one.intros) == (["culture", "sport"], {"be": "Дзень *добры*"})
    assert AuditEntry.objects.get(act="newsletter.change").reason.startswith("cadence, hour")
    again = alice.post("/newsletters/office", changed, follow=True).content.decode()
    assert "It is so already" in again


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"zone": "Europe/Atlantis"}, "There is no such time zone"),
        ({"at": "25:00"}, "Say a time of day, such as 08:00."),
        ({"languages": "english"}, "english is no language"),
        ({"from_address": "news"}, "That is not an address."),
        ({"name_en": "", "name_be": "", "name_ru": ""}, "Give it a name in at least one language."),
        ({"patience": "-1"}, "greater than or equal to 0"),
        ({"reason": ""}, "Say why, in a few words"),
        ({"languages": "en"}, "2 readers get it in be, and would get nothing."),
    ],
)
def test_what_cannot_be_is_said_beside_it_and_nothing_is_changed_or_lost(alice, office, wrong, words):
    newsroom.readers(office, be=2)
    done = alice.post("/newsletters/office", rules(from_name="Another", **wrong))
    page = " ".join(done.content.decode().split())
    assert done.status_code == 400
    assert words in page
    assert 'value="Another"' in page
    assert Newsletter.objects.get().from_name == "The Office"


def test_an_editor_sees_it_and_changes_nothing(client, office):
    newsroom.signed_in(client, "editor")
    page = shown(client, "/newsletters/office")
    assert "Change the rules" not in page
    assert client.post("/newsletters/office", rules()).status_code == 403
    assert client.post("/newsletters/office/team", {"label": "x", "address": "a@example.org"}).status_code == 403


def test_the_teams_addresses_are_added_shown_by_their_beginning_and_taken_out(alice, office):
    alice.post("/newsletters/office/team", {"label": "Old phone", "address": "phone@example.org"})
    page = shown(alice, "/newsletters/office")
    assert "Old phone" in page
    assert "p…@example.org" in page
    assert "phone@example.org" not in page
    one = TeamAddress.objects.get()
    for wrong in ({"label": "", "address": "b@example.org"}, {"label": "B", "address": "b"}):
        assert "Nothing was added." in alice.post("/newsletters/office/team", wrong, follow=True).content.decode()
    alice.post(f"/newsletters/office/team/{one.pk}/leave")
    assert not TeamAddress.objects.exists()
    assert [entry.act for entry in AuditEntry.objects.order_by("pk")] == ["team.join", "team.leave"]


def test_an_editor_sees_whose_mailboxes_they_are_and_no_address(client, alice, office):
    alice.post("/newsletters/office/team", {"label": "Old phone", "address": "phone@example.org"})
    client.logout()
    client.force_login(newsroom.person("editor", "Bob"), views.BACKEND)
    page = shown(client, "/newsletters/office")
    assert "Old phone" in page
    assert "p…@" not in page
