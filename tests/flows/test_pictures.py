"""A discreet letter's pictures travel inside it: from the newsroom's site to what a mail client shows."""

import base64
import re
from email import message_from_bytes, policy

import pytest
import readership
from django.utils import timezone

from dispatch import fetching, queue
from dispatch.articles.models import Article
from dispatch.delivery import personalizing, sending
from dispatch.delivery.mailers import base, provider
from dispatch.editions import pictures, tailoring
from dispatch.editions.models import Edition, Picture

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SITE = "https://news.example.org"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    monkeypatch.setattr(queue, "enqueue", lambda task, *ids: None)


@pytest.fixture
def site(monkeypatch):
    """What stands at the newsroom's addresses; `site.asked` is what was fetched."""
    site = type("Site", (dict,), {"asked": []})()

    def fetch(url, *, seconds, largest):
        site.asked.append(url)
        content = site.get(url)
        if content is None or len(content) > largest:
            return fetching.Failed("larger than it may be")
        return fetching.Fetched(200, url, content)

    monkeypatch.setattr(fetching, "fetch", fetch)
    site.asked.clear()
    return site


@pytest.fixture
def newsroom(site):
    """One story with a picture above it and two inside; Alice reads discreetly."""
    newsroom = readership.Newsroom("each")
    newsroom.newsletter.discreet_pictures, newsroom.newsletter.names = True, {"en": "The Lantern"}
    newsroom.newsletter.save()
    newsroom.wish("alice", {"discreet": True})
    newsroom.publish("en", "Rights")
    revision = Article.objects.get(story=newsroom.stories[0]).current
    revision.picture_url, revision.picture_alt = f"{SITE}/top.png", "The square"
    revision.html = (
        f'<p>Read <a href="{SITE}/more">more</a>.</p><figure><img src="{SITE}/inside.png" alt="A hall" width="900"></figure>'
        f'<p><img src="{SITE}/large.png" alt="A long street"></p>'
    )
    revision.save()
    site.update({f"{SITE}/top.png": PNG, f"{SITE}/inside.png": PNG, f"{SITE}/large.png": PNG + bytes(pictures.ONE)})
    return newsroom


def letter(newsroom):
    newsroom.settle()
    (variant,) = newsroom.letters("alice")
    compiled = personalizing.compile_variant(variant, newsroom.newsletter, 1, timezone.now())
    head, body = personalizing.fill(compiled, personalizing.Reader(1, "alice@example.org", "Alice", bytes(8)))
    return variant, head + b"".join(body)


def test_a_letter_holds_its_pictures_and_loads_nothing(newsroom):
    variant, raw = letter(newsroom)
    mail = message_from_bytes(raw, policy=policy.default)
    plain, together = mail.iter_parts()
    page, *held = together.iter_parts()
    assert [mail.get_content_type(), plain.get_content_type(), together.get_content_type()] == [
        "multipart/alternative", "text/plain", "multipart/related",
    ]  # fmt: skip
    assert [part.get_content() for part in held] == [PNG]  # two addresses, one picture
    assert not any(part.defects for part in mail.walk())
    shown = re.findall(r'<img[^>]* src="([^"]*)"', page.get_content())
    assert set(shown) == {f"cid:{part['Content-ID'].strip('<>')}" for part in held}
    assert len(shown) == 2
    assert all(part.get_filename() is None and part.get_content_disposition() == "inline" for part in held)
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert variant.is_as_frozen


def test_a_letter_with_pictures_still_says_nothing_of_itself(newsroom):
    _, raw = letter(newsroom)
    mail = message_from_bytes(raw, policy=policy.default)
    words = "".join(part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")
    assert SITE not in words
    assert "Lantern" not in words
    assert words.count("<a ") == 2
    assert not {"List-Id", "Feedback-ID", "Reply-To"} & set(mail)


def test_a_picture_that_is_too_large_is_said_in_words(newsroom):
    variant, _ = letter(newsroom)
    assert "Picture: A long street" in variant.html
    assert variant.html.count("Picture: ") == 1


@pytest.mark.parametrize("broken", ["fetching.fetch", "editions.tailoring.contents"])
def test_nothing_that_goes_wrong_with_pictures_holds_a_letter_up(newsroom, monkeypatch, broken):
    real, calls = tailoring.contents, []

    def fail(*given, **named):
        calls.append(given)
        if "fetch" in broken or len(calls) == 1:
            raise RuntimeError
        return real(*given, **named)

    monkeypatch.setattr(f"dispatch.{broken}", fail)
    variant, _ = letter(newsroom)
    assert calls
    assert variant.html == ""


def test_what_is_here_is_not_fetched_again_and_what_failed_not_soon(newsroom, site):
    letter(newsroom)
    assert sorted(site.asked) == sorted(site)
    site.asked.clear()
    Edition.objects.update(state=Edition.State.DUE)
    newsroom.wish("charlie", {"discreet": True})
    pictures.bring(Edition.objects.get(slot__startswith="own:").pk)
    assert site.asked == []


def test_without_a_wish_or_the_newsrooms_consent_nothing_is_fetched(newsroom, site):
    newsroom.newsletter.discreet_pictures = False
    newsroom.newsletter.save()
    variant, raw = letter(newsroom)
    assert site.asked == []
    assert variant.html == ""
    assert message_from_bytes(raw).get_content_type() == "text/plain"


def test_a_letters_pictures_stay_within_its_share(newsroom, monkeypatch):
    monkeypatch.setattr(pictures, "ALL", len(PNG))
    variant, _ = letter(newsroom)
    assert variant.pictures.count() == 1
    assert "Picture: A hall" in variant.html


def test_a_picture_that_was_exchanged_after_it_was_frozen_goes_to_nobody(newsroom):
    variant, _ = letter(newsroom)
    Picture.objects.filter(variants=variant).update(content=PNG + b"x")
    with pytest.raises(sending.Altered):
        sending._compiled.__wrapped__(1, variant.pk, newsroom.newsletter.pk, timezone.now())


def test_old_pictures_that_no_letter_holds_are_forgotten(newsroom):
    variant, _ = letter(newsroom)
    Picture.objects.update(fetched_at=timezone.now() - pictures.KEPT * 2)
    pictures.forget()
    assert set(Picture.objects.all()) == set(variant.pictures.all()) != set()


def test_a_provider_is_handed_the_pictures_too(newsroom):
    _, raw = letter(newsroom)
    mail = provider._as_django(base.Message("news@example.org", "alice@example.org", raw))
    named = [part["Content-ID"].strip("<>") for part in mail.attachments]
    assert named
    assert all(f"cid:{name}" in mail.alternatives[0][0] for name in named)
