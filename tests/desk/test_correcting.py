"""An editor begins a correction beside the story that was wrong and writes it; an approver sends it to those who got it."""

import newsroom
import pytest

from dispatch.accounts.models import AuditEntry
from dispatch.delivery import closing, relays, sending
from dispatch.delivery.mailers.fake import Fake
from dispatch.editions import phrasing
from dispatch.editions.models import Correction, Edition
from dispatch.editions.phrasing import Said
from dispatch.outcomes import Sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch):
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=3)
    newsroom.relay()
    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(lambda message: Sent()))
    send = newsroom.send(office, newsroom.story("en"))
    sending.send_chunk(send.pk, 1)
    closing.close(send)
    return send


def shown(answer):
    return " ".join(answer.content.decode().split())


def begin(client, sent):
    story = sent.edition.stories.get().story_id
    return client.post(f"/editions/{sent.edition_id}/correct", {"story": story}, follow=True)


def write(text):
    draft = Correction.objects.get()
    phrasing.save(draft.edition_id, "en", Said(intro=text), 0, None)
    return draft


def test_a_draft_says_who_gets_it_and_what_it_lacks(client, sent):
    newsroom.signed_in(client, "editor")
    assert "Correct it" in shown(client.get(f"/editions/{sent.edition_id}"))
    page = shown(begin(client, sent))
    assert "Correction: A reading room opens beside the river" in page
    assert "being written" in page
    assert "Exactly those who got the mistake and still read along: 3 readers" in page
    assert "It says nothing yet in: en." in page
    write("It was the lake.")
    page = shown(client.get(f"/editions/{Correction.objects.get().edition_id}"))
    assert "It says nothing" not in page
    assert "Send the correction" not in page  # an approver's


def test_its_letter_can_be_seen_while_it_is_written(client, sent):
    newsroom.signed_in(client, "editor")
    begin(client, sent)
    draft = write("It was the *lake*.")
    assert "It was the <em>lake</em>." in shown(client.get(f"/editions/{draft.edition_id}/en/preview"))


def test_an_approver_sends_it_once(client, sent):
    newsroom.signed_in(client, "approver")
    begin(client, sent)
    path = f"/editions/{Correction.objects.get().edition_id}/correction/send"
    assert "It says nothing yet in: en." in shown(client.post(path, {"reason": "We were wrong"}, follow=True))
    write("It was the lake.")
    assert "It leaves to 3 readers who got the mistake." in shown(client.post(path, {"reason": "Wrong"}, follow=True))
    assert Edition.objects.get(slot__startswith="correction:").state == "due"
    assert "no draft any more" in shown(client.post(path, {"reason": "Wrong"}, follow=True))
    assert list(AuditEntry.objects.values_list("act", flat=True)) == ["edition.correct", "edition.send_now"]


def test_a_draft_is_thrown_away(client, sent):
    newsroom.signed_in(client, "editor")
    begin(client, sent)
    path = f"/editions/{Correction.objects.get().edition_id}/correction/discard"
    assert "Thrown away." in shown(client.post(path, {"reason": "It was right"}, follow=True))
    assert not Correction.objects.exists()


def test_it_stands_on_its_storys_page(client, sent):
    newsroom.signed_in(client, "editor")
    begin(client, sent)
    page = shown(client.get(f"/stories/{Correction.objects.get().story_id}"))
    assert f'href="/editions/{Correction.objects.get().edition_id}"' in page


def test_no_story_is_no_correction(client, sent):
    newsroom.signed_in(client, "editor")
    answer = client.post(f"/editions/{sent.edition_id}/correct", {"story": "x"}, follow=True)
    assert "Choose the story that is to be corrected." in shown(answer)
