"""CMSs count in seconds: what is taken back and published again within one is back once the CMS, asked, says so; no webhook
brings it back by itself."""

from datetime import timedelta

import pytest
from articles.conftest import add_source, article
from articles.test_payloads import post, rest, told
from django.utils import timezone

from dispatch import queue, vault
from dispatch.articles import intake, polling
from dispatch.articles.models import Article, Hint, Source, WebhookDelivery, Withdrawal
from dispatch.articles.payloads import ghost as ghosts

pytestmark = pytest.mark.django_db
THEN = "2026-01-02T10:00:00.000Z"
ONE, LIST = "/ghost/api/content/posts/6b03/", "/ghost/api/content/posts/"
NOT_FOUND = {"errors": [{"type": "NotFoundError", "message": "Resource not found"}]}


@pytest.fixture
def rung(monkeypatch):
    rung = []
    monkeypatch.setattr(queue, "enqueue", lambda task, *ids: rung.append((task, *ids)))
    return rung


@pytest.fixture
def blog(db, site, rung):
    """A Ghost that can be asked."""
    key = vault.seal("22444f", "source:ghost:api_key")
    return add_source("ghost", secrets=["s3cr3t-webhook"], poll_url=site.url, api_key=key)


@pytest.fixture
def withdrawn(blog, bring_ghost):
    """Published, and taken back in the same second."""
    assert bring_ghost(told("post.published", updated_at=THEN)) == "published"
    assert bring_ghost(told("post.unpublished", status="draft", updated_at=THEN)) == "withdrawn"
    return Article.objects.get()


def published_again(bring_ghost):
    """The word of Ghost's webhook about a return; a repeat of the first one says the same."""
    return bring_ghost(told("post.published", updated_at=THEN), moment=timezone.now().timestamp() * 1000)


def is_out(article):
    article.refresh_from_db()
    return article.state == "withdrawn"


def test_a_return_within_the_second_is_taken_once_ghost_says_so_itself(blog, site, withdrawn, bring_ghost, rung):
    assert published_again(bring_ghost) == "older"
    assert "within the second" in WebhookDelivery.objects.latest("pk").why
    assert is_out(withdrawn)
    assert ("articles.fetch_article", blog.pk, "6b03") in rung
    site.put(ONE, {"posts": [post(updated_at=THEN)]})
    assert polling.fetch_one(blog, "6b03") == ""
    assert not is_out(withdrawn)
    assert not Hint.objects.exists()
    assert "formats=html" in site.asked[-1][0]


@pytest.mark.parametrize("answer", [NOT_FOUND, {"posts": [post(status="draft", updated_at=THEN)]}])
def test_a_webhook_that_is_delivered_again_brings_nothing_back(blog, site, withdrawn, bring_ghost, answer):
    assert published_again(bring_ghost) == "older"
    site.put(ONE, answer, status=404 if "errors" in answer else 200)
    assert polling.fetch_one(blog, "6b03") == ""
    assert is_out(withdrawn)
    assert not Hint.objects.exists()


def test_where_ghost_does_not_answer_it_stays_out_and_ghost_is_asked_again(blog, site, withdrawn, bring_ghost):
    published_again(bring_ghost)
    site.put(ONE, {"posts": [post(id="another", updated_at=THEN)]})
    assert "something else than a post" in polling.fetch_one(blog, "6b03")
    assert is_out(withdrawn)
    assert Hint.objects.get().due_at > timezone.now()


def test_a_ghost_that_cannot_be_asked_keeps_it_out(blog, withdrawn, bring_ghost):
    Source.objects.update(api_key=None)
    assert published_again(bring_ghost) == "older"
    assert not Hint.objects.exists()
    assert is_out(withdrawn)


def test_asking_every_few_minutes_finds_the_return_too(blog, site, withdrawn):
    Source.objects.update(created_at="2026-01-01T00:00:00Z")
    site.put(LIST, {"posts": [post(updated_at=THEN)]})
    assert polling.poll(Source.objects.get()) == ""
    assert not is_out(withdrawn)


def test_an_answer_to_what_was_asked_before_the_withdrawal_brings_nothing_back(blog, withdrawn):
    before = Withdrawal.objects.get().received_at - timedelta(milliseconds=1)
    stale = ghosts.told(blog, post(updated_at=THEN))
    accepted = intake.take(blog, stale, asked_at=before)
    assert (accepted.did, accepted.doubtful) == ("older", ("6b03",))
    assert is_out(withdrawn)


def test_nor_does_one_from_between_two_withdrawals_of_the_same_second(blog, withdrawn, bring_ghost):
    between = timezone.now()
    again = ghosts.told(blog, post(updated_at=THEN))
    assert intake.take(blog, again, asked_at=between).did == "published"
    gone = told("post.unpublished", status="draft", updated_at=THEN, title="Bread")
    assert bring_ghost(gone) == "withdrawn"
    assert intake.take(blog, again, asked_at=between).did == "older"
    assert is_out(withdrawn)


@pytest.mark.parametrize("moment", ["2026-01-02T09:59:59.000Z", "2026-01-02T09:59:59.999Z"])
def test_what_is_of_an_earlier_second_is_older_whoever_says_it(blog, withdrawn, moment):
    accepted = intake.take(blog, ghosts.told(blog, post(updated_at=moment)), asked_at=timezone.now())
    assert (accepted.did, accepted.doubtful) == ("older", ())


def test_a_cms_that_counts_finer_says_itself_what_was_first(blog, withdrawn):
    Withdrawal.objects.update(at="2026-01-02T10:00:00.700Z")
    said = ghosts.told(blog, post(updated_at="2026-01-02T10:00:00.500Z"))
    accepted = intake.take(blog, said, asked_at=timezone.now())
    assert (accepted.did, accepted.doubtful) == ("older", ())
    assert is_out(withdrawn)


def test_a_feed_of_the_same_second_brings_nothing_back_and_nobody_is_asked(native, site, bring):
    bring(article(updated_at=THEN))
    bring({"story": "un-report", "updated_at": THEN}, event="article.withdrawn", name="msg_2")
    Source.objects.update(poll_url=f"{site.url}/feed", created_at="2026-01-01T00:00:00Z")
    item = {"id": "un-report/en", "title": "T", "content_html": "x", "date_published": THEN}
    site.put("/feed", {"version": "https://jsonfeed.org/version/1.1", "items": [item]})
    polling.poll(Source.objects.get())
    assert bring(article(updated_at=THEN), name="msg_3") == "older"
    assert Article.objects.get().state == "withdrawn"
    assert not Hint.objects.exists()


def test_wordpress_is_believed_when_it_shows_again_what_it_hid_a_moment_ago(wordpress, site, rung):
    path = "/wp-json/wp/v2/posts/7"
    site.put(path, rest())
    polling.fetch_one(wordpress, "7")
    site.put(path, {"code": "rest_forbidden"}, status=401)
    polling.fetch_one(wordpress, "7")
    second = Withdrawal.objects.get().at.replace(microsecond=0, tzinfo=None)
    site.put(path, rest(modified_gmt=(second - timedelta(seconds=1)).isoformat()))  # as a cache may have kept it
    polling.fetch_one(wordpress, "7")
    assert Article.objects.get().state == "withdrawn"
    site.put(path, rest(modified_gmt=second.isoformat()))
    polling.fetch_one(wordpress, "7")
    assert Article.objects.get().state == "published"


def test_a_withdrawal_that_comes_while_the_site_answers_has_it_asked_once_more(wordpress, site, rung):
    path = "/wp-json/wp/v2/posts/7"
    site.put(path, rest())
    polling.fetch_one(wordpress, "7")
    Withdrawal.objects.create(source=wordpress, external_id="7", at=Article.objects.get().current.updated_at)
    Article.objects.update(state="withdrawn")
    Hint.objects.create(source=wordpress, external_id="7", noted_at=timezone.now(), due_at=timezone.now())
    Withdrawal.objects.update(received_at=timezone.now() + timedelta(seconds=30))
    polling.fetch_one(wordpress, "7")
    assert Article.objects.get().state == "withdrawn"
    assert Hint.objects.get().due_at > timezone.now()
    Withdrawal.objects.update(received_at=timezone.now())
    polling.fetch_one(wordpress, "7")
    assert Article.objects.get().state == "published"
    assert not Hint.objects.exists()
