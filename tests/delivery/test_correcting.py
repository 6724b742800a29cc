"""A correction goes to exactly those who got the mistake: nobody twice, nobody else, in each reader's own language."""

from collections import Counter

import newsroom
import pytest
from django.utils import timezone

from dispatch.articles.models import Article, Revision
from dispatch.audience.models import Subscription, Suppression
from dispatch.delivery import acts, closing, correcting, forgetting, ledger, relays, sending
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Chunk, DeliveryException, Send
from dispatch.editions import correcting as writing
from dispatch.editions import phrasing, rendering
from dispatch.editions.models import Correction, Edition
from dispatch.editions.phrasing import Said
from dispatch.outcomes import Refused, Sent, Unknown

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    return newsroom.newsletter()


@pytest.fixture
def bob():
    return newsroom.person("approver", "Bob")


@pytest.fixture
def fire():
    return newsroom.story("en", "be")


@pytest.fixture
def answers(monkeypatch):
    """What the relay says, by the number of the letter; everything else is taken."""
    said, count = {}, Counter()

    def take(message):
        count["letters"] += 1
        return said.get(count["letters"], Sent())

    newsroom.relay()
    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(take))
    monkeypatch.setattr(sending, "TURN", 0.0)
    return said


def go(send):
    for number in Chunk.objects.filter(send=send).values_list("number", flat=True):
        sending.send_chunk(send.pk, number)
    closing.close(send)
    send.refresh_from_db()
    return send


@pytest.fixture
def sent(office, fire, answers):
    """Three readers in English and two in Belarusian, of whom the third was refused and nobody knows of the fourth."""
    newsroom.readers(office, en=3, be=2)
    send = newsroom.send(office, fire)
    Send.objects.filter(pk=send.pk).update(ambiguity="never_twice")
    answers |= {2: Refused(reason="gone", code="550 5.1.1"), 4: Unknown(reason="no answer")}
    return go(send)


def revise(story, language="en", title="It is beside the lake"):
    article = Article.objects.get(story=story, language=language)
    values = {"article": article, "number": 2, "updated_at": timezone.now(), "title": title}
    article.current = Revision.objects.create(html="<p>New.</p>", text="New.", hash=b"i" * 32, **values)
    article.save()


def correct(office, fire, bob, **texts):
    draft = writing.begin(office, fire.pk, bob)
    for language, text in texts.items():
        phrasing.save(draft.edition_id, language, Said(intro=text), 0, bob)
    return draft


def addressed(send):
    return {reader for chunk in Chunk.objects.filter(send=send) for reader in chunk.recipients}


def sent_off(draft, bob):
    assert writing.send(draft, bob, "we were wrong")
    rendering.render(draft.edition_id)
    assert Edition.objects.get(pk=draft.edition_id).state == "rendered"
    return ledger.enlist(draft.edition_id)


def test_it_goes_to_who_got_the_mistake_and_to_whom_nobody_knows(office, fire, sent, bob):
    refused = DeliveryException.objects.get(send=sent, state="refused").subscriber_id
    newsroom.readers(office, en=4)
    draft = correct(office, fire, bob, en="It was *not* the river.", be="Гэта не рака.")
    assert sum(correcting.readers(draft).values()) == 4
    assert correcting.hindrance(draft) == ""
    send = sent_off(draft, bob)
    assert send.is_urgent
    assert addressed(send) == addressed(sent) - {refused}
    assert send.frozen_count == 4


def test_each_reads_it_in_the_language_of_the_mistake(office, fire, sent, bob):
    send = sent_off(correct(office, fire, bob, en="It was *not* the river.", be="Гэта не рака."), bob)
    letters = {one.language: one for one in send.edition.variants.all()}
    assert letters["en"].subject == "Correction: A reading room opens beside the river"
    assert letters["be"].subject == "Выпраўленне: Каля ракі адчыняецца чытальня"
    assert "<em>not</em> the river" in letters["en"].html
    assert "It was not the river." in letters["en"].text
    assert "Гэта не рака." in letters["be"].text
    before = {
        reader: chunk.variant.language for chunk in Chunk.objects.filter(send=sent) for reader in chunk.recipients
    }
    now = {reader: chunk.variant.language for chunk in Chunk.objects.filter(send=send) for reader in chunk.recipients}
    assert now.items() <= before.items()


def test_who_was_told_what_stands_is_not_corrected(office, fire, sent, bob, answers):
    revise(fire)
    weekly = newsroom.newsletter("second")
    newsroom.readers(weekly, en=1)
    go(newsroom.send(weekly, fire))
    assert writing.begin(weekly, fire.pk, bob).mistaken.count() == 2  # nothing changed since: all that was told
    draft = writing.begin(office, fire.pk, bob)
    assert {(one.article.language, one.number) for one in draft.mistaken.all()} == {("en", 1)}
    assert list(correcting.readers(draft)) == ["en"]


def test_a_draft_is_one_and_the_next_correction_is_another(office, fire, sent, bob):
    draft = writing.begin(office, fire.pk, bob)
    assert writing.begin(office, fire.pk, bob) == draft
    assert writing.discard(draft, bob, "it was right")
    assert not Correction.objects.exists()
    first = correct(office, fire, bob, en="Wrong.", be="Няправільна.")
    go(sent_off(first, bob))
    assert not writing.send(first, bob, "again")
    assert writing.begin(office, fire.pk, bob).edition.slot == f"correction:{fire.pk}/2"


def test_it_waits_until_the_mistake_is_no_longer_on_its_way(office, fire, answers, bob):
    newsroom.readers(office, en=2)
    send = newsroom.send(office, fire)
    draft = correct(office, fire, bob, en="Wrong.")
    assert "still on its way" in correcting.hindrance(draft)
    acts.cancel(send.pk, bob, "it is wrong")
    closing.close(send)
    assert correcting.readers(draft) == {}
    assert correcting.hindrance(draft) == "Nobody who still reads along got it."


def test_a_language_in_which_nobody_got_it_needs_no_words(office, fire, answers, bob):
    newsroom.readers(office, en=2)
    go(newsroom.send(office, fire))
    draft = correct(office, fire, bob, en="Wrong.")
    assert correcting.hindrance(draft) == ""
    assert [one.language for one in sent_off(draft, bob).edition.variants.all()] == ["en"]


def test_what_is_forgotten_is_said(office, fire, sent, bob):
    draft = correct(office, fire, bob, en="Wrong.", be="Няправільна.")
    Send.objects.filter(pk=sent.pk).update(totals={"exceptions": {}})
    assert "forgotten a week after" in correcting.hindrance(draft)


def test_one_that_waited_until_it_was_forgotten_goes_to_nobody_and_says_why(office, fire, sent, bob):
    draft = correct(office, fire, bob, en="Wrong.", be="Няправільна.")
    assert correcting.hindrance(draft) == ""
    Send.objects.filter(pk=sent.pk).update(finished_at="2020-01-01T00:00Z")
    while forgetting.begin() or forgetting.go_on():
        pass
    assert sent_off(draft, bob) is None
    waiting = Edition.objects.get(pk=draft.edition_id)
    assert (waiting.state, waiting.trouble) == ("late", correcting.hindrance(draft))


def test_silence_in_a_language_is_said(office, fire, sent, bob):
    draft = correct(office, fire, bob, en="Wrong.")
    assert correcting.hindrance(draft) == (
        "It says nothing yet in: be. Readers got the mistake in each of these languages."
    )


def test_who_left_or_must_not_be_written_to_is_left_out(office, fire, sent, bob):
    left, suppressed, *others = sorted(addressed(sent))
    Subscription.objects.filter(subscriber=left).update(state="left")
    index = Subscription.objects.get(subscriber=suppressed).subscriber.address_index
    Suppression.objects.create(address_index=index, reason="complaint")
    send = sent_off(correct(office, fire, bob, en="Wrong.", be="Няправільна."), bob)
    assert addressed(send) <= set(others)


def test_a_story_that_was_taken_back_is_not_told_again(office, fire, sent, bob):
    Article.objects.update(state="withdrawn")
    send = sent_off(correct(office, fire, bob, en="We took it back.", be="Мы знялі яго."), bob)
    letter = send.edition.variants.get(language="en")
    assert letter.subject == "Office news: Correction"
    assert "reading room" not in letter.html + letter.text


def test_a_correction_is_no_story_that_was_told(office, fire, sent, bob):
    """What the newsletter brings later is not changed by it."""
    from dispatch.editions.models import EditionStory

    before = EditionStory.objects.count()
    go(sent_off(correct(office, fire, bob, en="Wrong.", be="Няправільна."), bob))
    assert EditionStory.objects.count() == before
