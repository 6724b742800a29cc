"""What a webhook missed is found by asking, and nothing comes twice."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from articles.conftest import add_source, article
from articles.test_payloads import post, rest
from django.utils import timezone

from dispatch import queue, vault
from dispatch.articles import polling, ticks
from dispatch.articles.models import Article, Hint, Source, WebhookDelivery

pytestmark = pytest.mark.django_db
ADDED = datetime(2026, 1, 1, tzinfo=UTC)
BEFORE, AFTER = "2025-12-31T10:00:00Z", "2026-01-02T10:00:00Z"


def at(site, kind, path, **fields):
    source = add_source(kind, poll_url=site.url + path, **fields)
    Source.objects.filter(pk=source.pk).update(created_at=ADDED)
    return Source.objects.get(pk=source.pk)


def again(source):
    return polling.poll(Source.objects.get(pk=source.pk))


def titles():
    return sorted(Article.objects.values_list("current__title", flat=True))


def atom(*entries):
    items = "".join(
        f"<entry><id>{name}</id><title>{title}</title><link href='https://news.example.org/{name}'/>"
        f"<published>{moment}</published><updated>{moment}</updated>"
        f"<content type='html'>&lt;p&gt;{title}.&lt;/p&gt;</content></entry>"
        for name, title, moment in entries
    )
    return f"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><title>News</title>{items}</feed>"


def rss(*items):
    told = "".join(
        f"<item><guid>{name}</guid><title>{title}</title><link>https://news.example.org/{name}</link>"
        f"<description>{title}.</description>{f'<pubDate>{date}</pubDate>' if date else ''}</item>"
        for name, title, date in items
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>News</title>{told}</channel></rss>"


def test_a_new_feed_does_not_publish_its_archive(site):
    source = at(site, "feed", "/feed")
    site.put("/feed", atom(("old", "Old", BEFORE), ("new", "New", AFTER)))
    assert again(source) == ""
    assert titles() == ["New"]
    assert again(source) == ""
    assert Article.objects.get().revisions.count() == 1


def test_items_without_a_date_are_archive_at_first_and_news_later(site):
    source = at(site, "feed", "/feed")
    site.put("/feed", rss(("a", "Archive", "")))
    again(source)
    site.put("/feed", rss(("b", "News", ""), ("a", "Archive", "")))
    again(source)
    again(source)
    assert titles() == ["News"]


def test_rss_and_json_feed_are_understood(site):
    source = at(site, "feed", "/feed")
    site.put("/feed", rss(("a", "From RSS", "Fri, 02 Jan 2026 10:00:00 GMT")))
    again(source)
    item = {"id": "b", "title": "From JSON", "content_text": "1 < 2", "date_published": AFTER, "language": "ru"}
    site.put("/feed", {"version": "https://jsonfeed.org/version/1.1", "items": [item, {"id": "bad"}]})
    again(source)
    assert titles() == ["From JSON", "From RSS"]
    assert Article.objects.get(language="ru").current.text == "1 < 2"


def test_an_unchanged_feed_is_asked_conditionally(site):
    source = at(site, "feed", "/feed")
    site.put("/feed", atom(("new", "New", AFTER)), ETag='"1"')
    again(source)
    again(source)
    assert site.asked[1][1]["If-None-Match"] == '"1"'
    assert Source.objects.get().poll_state["etag"] == '"1"'


def test_what_a_webhook_brought_a_feed_does_not_bring_again_nor_change(site, bring):
    source = at(site, "native", "/feed")
    bring(article(url="https://news.example.org/un/?utm_source=cms", updated_at="2026-01-02T10:00:00Z"))
    item = {"id": "guid 1", "title": "A shorter title", "content_html": "Short.", "date_published": AFTER}
    item |= {"url": "http://www.news.example.org/un#top", "language": "be"}
    site.put("/feed", {"version": "https://jsonfeed.org/version/1.1", "items": [item]})
    again(source)
    assert titles() == ["The Council heard the report"]


def test_what_a_feed_found_first_a_webhook_corrects(site, bring):
    source = at(site, "native", "/feed")
    item = {"id": "guid 1", "title": "A shorter title", "content_html": "Short.", "date_published": AFTER}
    item |= {"url": "https://news.example.org/un-report"}
    site.put("/feed", {"version": "https://jsonfeed.org/version/1.1", "items": [item]})
    again(source)
    assert bring(article(updated_at="2026-01-02T11:00:00Z")) == "revised"
    assert titles() == ["The Council heard the report"]
    gone = bring({"story": "un-report"}, event="article.withdrawn", name="msg_2")
    assert gone == "withdrawn"


def test_a_stale_feed_does_not_bring_back_what_was_withdrawn(site, bring):
    source = at(site, "native", "/feed")
    bring(article(updated_at=AFTER))
    bring({"story": "un-report"}, event="article.withdrawn", name="msg_2")
    item = {"id": "un-report/en", "title": "T", "content_html": "x", "date_published": AFTER}
    site.put("/feed", {"version": "https://jsonfeed.org/version/1.1", "items": [item]})
    again(source)
    assert Article.objects.get().state == "withdrawn"


@pytest.mark.parametrize("body", ["/etc/hostname", "<html><body>Not found</body></html>", '{"version": 1}', "{"])
def test_what_is_no_feed_is_told_and_no_file_is_opened(site, body):
    source = at(site, "feed", "/feed")
    site.put("/feed", body)
    assert again(source) == "what is there is not a feed"
    assert Source.objects.get().poll_trouble == "what is there is not a feed"


@pytest.mark.parametrize(
    ("key", "asked"), [("6b03:" + "0123abcd" * 8, "/ghost/api/admin/"), ("22444f", "/ghost/api/content/")]
)
def test_ghosts_apis_tell_what_its_webhook_missed(site, key, asked):
    source = at(site, "ghost", "", api_key=vault.seal(key, "source:ghost:api_key"))
    site.put(f"{asked}posts/", {"posts": [post(updated_at=AFTER, published_at=AFTER), post(id="x", title="")]})
    assert "title" in again(source)
    assert titles() == ["Bread is dearer"]
    assert site.asked[0][0].startswith(asked)
    assert ("Authorization" in site.asked[0][1]) == (":" in key)
    site.put(f"{asked}posts/", {"posts": [post(status="draft", updated_at="2026-01-03T10:00:00Z")]})
    assert again(source) == ""
    assert Article.objects.get().state == "withdrawn"


def test_wordpress_is_asked_what_changed(site, wordpress):
    Source.objects.update(created_at=ADDED)
    moments = {"date_gmt": "2026-01-02T10:00:00", "modified_gmt": "2026-01-02T10:00:00"}
    site.put("/wp-json/wp/v2/posts", [rest(**moments), rest(id=8, date_gmt="2025-12-31T10:00:00", link="")])
    assert again(wordpress) == ""
    assert titles() == ["Bread & salt"]
    assert Source.objects.get().poll_state["since"].startswith("2026-01-02T10:00:00")


def test_a_wordpress_hint_is_followed_to_the_word_of_its_api(site, wordpress, client):
    def hint():
        url = "/hooks/wordpress?token=token of the tests"
        assert client.post(url, {"post_id": 7}, content_type="application/json").status_code == 202

    hint()
    site.put("/wp-json/wp/v2/posts/7", "<html>a firewall</html>", status=403)
    assert polling.fetch_one(wordpress, "7") == "the site answers 403 and not in JSON"
    assert Hint.objects.get().due_at > timezone.now()
    site.put("/wp-json/wp/v2/posts/7", rest())
    assert polling.fetch_one(wordpress, "7") == ""
    assert titles() == ["Bread & salt"]
    assert not Hint.objects.exists()
    site.put("/wp-json/wp/v2/posts/7", {"code": "rest_forbidden"}, status=401)
    hint()
    polling.fetch_one(wordpress, "7")
    assert Article.objects.get().state == "withdrawn"


@pytest.fixture
def here(wordpress, site):
    """So many recent posts of a WordPress, that its list does not tell of."""

    def here(count):
        now = timezone.now().isoformat(timespec="seconds")
        Source.objects.update(created_at=ADDED)
        posts = [rest(id=number, link="", date_gmt=now, modified_gmt=now) for number in range(1, count + 1)]
        site.put("/wp-json/wp/v2/posts", posts)
        site.put("/wp-json/wp/v2/posts/1", {"code": "rest_forbidden"}, status=401)
        assert again(wordpress) == ""
        site.put("/wp-json/wp/v2/posts", [])

    return here


def states():
    return dict(Article.objects.values_list("external_id", "state"))


def test_what_is_gone_unheard_is_withdrawn_if_the_cms_says_so_of_it_alone(site, wordpress, here):
    here(3)
    site.put("/wp-json/wp/v2/posts/2", rest(id=2))
    site.put("/wp-json/wp/v2/posts/3", "<html>a firewall</html>", status=403)
    assert again(wordpress) == ""
    assert states() == {"1": "withdrawn", "2": "published", "3": "published"}


def test_what_is_gone_all_at_once_is_told_and_not_withdrawn(site, wordpress, here):
    here(11)
    assert again(wordpress) == "11 of its newest 11 posts are not there; none was taken back for that"
    assert set(states().values()) == {"published"}


def test_nothing_is_gone_because_a_site_does_not_answer(site, wordpress, here):
    here(1)
    site.put("/wp-json/wp/v2/posts", "<html>a firewall</html>", status=403)
    assert again(wordpress) == "the site answers 403 and not in JSON"
    assert states() == {"1": "published"}


def test_the_clock_rings_again_for_what_was_lost_and_forgets_what_is_old(site, wordpress, bring, monkeypatch):
    rung = []
    monkeypatch.setattr(queue, "enqueue", lambda task, *ids: rung.append((task, *ids)))
    add_source("native")
    bring(article())
    rung.clear()
    found = Article.objects.get()
    ticks.ring_unplanned()
    assert rung == []
    found.revisions.update(received_at=timezone.now() - timedelta(seconds=6))
    past = timezone.now() - timedelta(days=31)
    Hint.objects.create(source=wordpress, external_id="7", noted_at=past, due_at=past)
    WebhookDelivery.objects.update(received_at=past)
    for tick in (ticks.ring_unplanned, ticks.poll_due, ticks.poll_due, ticks.ring_hints, ticks.ring_hints):
        tick()
    ticks.forget_deliveries()
    assert rung == [
        ("articles.plan_article", found.pk),
        ("articles.poll_source", wordpress.pk),
        ("articles.fetch_article", wordpress.pk, "7"),
    ]
    assert not WebhookDelivery.objects.exists()
    assert json.dumps(rung)
