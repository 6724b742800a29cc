"""A test of two subjects at the desk: planned by an editor, counted on the newsroom's own site, decided by an approver."""

import newsroom
import pytest

from dispatch.delivery import ledger, relays, sending
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Chunk
from dispatch.editions import planning, rendering, subjects
from dispatch.editions.models import Edition, SubjectTest
from dispatch.outcomes import Sent

pytestmark = pytest.mark.django_db
HOW = {"subject-en": "What stands beside the river?", "share": "20", "wait": "60", "by_clicks": "on"}


@pytest.fixture
def digest(monkeypatch):
    monkeypatch.setattr(subjects, "LEAST", 5)
    office = newsroom.newsletter(cadence="daily", languages=["en"])
    newsroom.readers(office, en=80)
    newsroom.relay()
    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(lambda message: Sent()))
    for article in newsroom.story("en").articles.all():
        planning.plan(article)
    return Edition.objects.get(newsletter=office)


def shown(answer):
    return " ".join(answer.content.decode().split())


def plan(client, digest, **said):
    return shown(client.post(f"/editions/{digest.pk}/subjects", HOW | said, follow=True))


@pytest.fixture
def send(client, digest):
    newsroom.signed_in(client, "approver")
    plan(client, digest)
    Edition.objects.filter(pk=digest.pk).update(state="due")
    rendering.render(digest.pk)
    one = ledger.enlist(digest.pk)
    for number in Chunk.objects.filter(send=one, in_wave=True).values_list("number", flat=True):
        sending.send_chunk(one.pk, number)
    return one


def test_an_editor_plans_it_and_takes_it_back(client, digest):
    newsroom.signed_in(client, "editor")
    assert "Two subjects will be tested." in plan(client, digest)
    assert 'value="What stands beside the river?"' in shown(client.get(f"/editions/{digest.pk}"))
    assert "Nothing is tested." in plan(client, digest, **{"subject-en": ""})
    assert not SubjectTest.objects.exists()


@pytest.mark.parametrize("wrong", [{"share": "90"}, {"share": "x"}, {"wait": ""}, {"wait": "9" * 40}])
def test_what_cannot_be_is_said_and_changes_nothing(client, digest, wrong):
    newsroom.signed_in(client, "editor")
    assert "Nothing was changed." in plan(client, digest, **wrong)
    assert not SubjectTest.objects.exists()


def test_counts_are_compared_honestly(client, send):
    page = shown(client.get(f"/editions/{send.edition_id}"))
    assert "What stands beside the river?" in page
    assert "No clicks were counted yet. If nobody chooses, A goes to the rest." in page
    said = {"a": "2", "b": "3", "reason": "our statistics"}
    page = shown(client.post(f"/sends/{send.pk}/clicks", said, follow=True))
    assert "Written down." in page
    assert "Too close to tell" in page


@pytest.mark.parametrize("said", [{"a": "1000", "b": "1"}, {"a": "", "b": "1"}, {"b": "1"}])
def test_counts_that_cannot_be_are_refused(client, send, said):
    page = shown(client.post(f"/sends/{send.pk}/clicks", said | {"reason": "our statistics"}, follow=True))
    assert "at most as many as readers" in page
    assert SubjectTest.objects.get().clicks == {}


def test_an_approver_chooses(client, send):
    page = shown(client.post(f"/sends/{send.pk}/subject/b", {"reason": "it is better"}, follow=True))
    assert "The rest gets it now." in page
    assert "B goes to the rest. An editor chose it." in page
    assert client.post(f"/sends/{send.pk}/subject/c", {"reason": "because"}).status_code == 404
