"""What Ghost's and WordPress's payloads mean."""

import json

import pytest
from articles.conftest import add_source

from dispatch.articles import arrivals, intake
from dispatch.articles.incoming import Act, Malformed
from dispatch.articles.models import Article, WebhookDelivery
from dispatch.articles.payloads import ghost as ghosts
from dispatch.articles.payloads import wordpress as wordpresses

pytestmark = pytest.mark.django_db


def post(**fields):
    known = {
        "id": "6b03",
        "title": "Bread is dearer",
        "html": "<p>By a tenth.</p>",
        "url": "https://news.example.org/bread/",
        "status": "published",
        "visibility": "public",
        "published_at": "2026-01-01T10:00:00.000Z",
        "updated_at": "2026-01-01T10:00:00.000Z",
        "tags": [{"slug": "prices", "visibility": "public"}],
        "authors": [{"email": "author@example.org"}],
        "post_revisions": [{"lexical": "the draft said otherwise"}],
    }
    return known | fields


def told(event, **fields):
    return {"event": event, "post": {"current": post(**fields), "previous": {}}}


def test_ghosts_real_article_is_taken_without_authors_or_revisions(ghost, send_ghost, data):
    capture = json.loads((data / "ghost-post-published.json").read_text())
    body = capture["request"]["raw_body"].encode()
    assert send_ghost(body).status_code == 202
    waiting = WebhookDelivery.objects.get().said
    list(arrivals.take_in(ghost.pk))
    found = Article.objects.get()
    assert found.current.title == capture["json"]["post"]["current"]["title"]
    assert found.current.topics == ["human-rights"]
    assert found.current.picture_alt == "Council hall"
    kept = " ".join(str(value) for value in [*vars(found).values(), *vars(found.current).values()])
    kept += str(list(WebhookDelivery.objects.values()))
    for secret in ("newsroom.example", "Ed Itor", "lexical", "Members only paragraph", "<script", "<iframe"):
        assert secret not in kept
    for secret in ("newsroom.example", "Ed Itor", "lexical", "Members only paragraph"):
        assert secret not in waiting


def test_what_is_below_the_paywall_is_never_kept(ghost, bring_ghost):
    html = "<p>Free.</p><!--members-only--><p>For members.</p>"
    bring_ghost(told("post.published", html=html, visibility="members"))
    found = Article.objects.get()
    assert (found.visibility, found.current.html) == ("members", "<p>Free.</p>")


def test_a_members_post_without_a_paywall_is_theirs_whole(ghost, bring_ghost):
    bring_ghost(told("post.published", visibility="paid", html="<p>For members.</p>", custom_excerpt="In short."))
    found = Article.objects.get()
    assert (found.visibility, found.current.html, found.current.summary) == ("members", "", "In short.")


GATE = '<!--kg-gated-block:begin nonMember:{} memberSegment:"status:free,status:-free" -->'


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        (f"a{GATE.format('false')}b<!--kg-gated-block:end-->c", "ac"),
        (f"a{GATE.format('true')}b<!--kg-gated-block:end-->c", "abc"),
        (f"a{GATE.format('false')}b<!--kg-gated-block:end-->c{GATE.format('false')}d<!--kg-gated-block:end-->", "ac"),
        (f"a{GATE.format('false')}b", "a"),
        ("a<!-- kg-gated-block:begin -->b<!-- kg-gated-block:end -->c", "ac"),
    ],
)
def test_of_ghosts_gated_blocks_only_what_anybody_sees_is_taken(ghost, html, kept):
    assert ghosts.parse(ghost, told("post.published", html=html)).versions[0].html == kept


def test_ghosts_content_api_cuts_by_itself(ghost):
    version = ghosts.told(ghost, post(visibility="paid", access=False, html="<p>Free.</p>")).versions[0]
    assert version.html == "<p>Free.</p>"


@pytest.mark.parametrize("some", [{"email_segment": "status:-free"}, {"visibility": "paid"}, {"visibility": "tiers"}])
def test_mail_for_some_of_ghosts_members_is_ignored(ghost, some):
    incoming = ghosts.told(ghost, post(email_only=True, status="sent", **some))
    assert (incoming.act, incoming.why) == (Act.IGNORE, "it is mail for some of the site's members")


def test_a_post_whose_language_is_corrected_is_published_in_the_right_one_alone(ghost, bring_ghost):
    be = {"slug": "hash-be", "visibility": "internal"}
    bring_ghost(told("post.published"))
    bring_ghost(told("post.published.edited", tags=[be]))
    assert set(Article.objects.values_list("language", "state")) == {("en", "withdrawn"), ("be", "published")}
    assert not Article.objects.filter(planned_at__isnull=False).exists()


@pytest.mark.parametrize(
    ("fields", "visibility"),
    [({}, "public"), ({"visibility": "paid"}, "members"), ({"email_only": True, "status": "sent"}, "email_only")],
)
def test_visibility_is_respected(ghost, fields, visibility):
    assert ghosts.parse(ghost, told("post.published", **fields)).versions[0].visibility == visibility


def test_the_language_is_told_by_a_tag_and_the_tag_is_no_topic(ghost):
    tags = [{"slug": "hash-be", "visibility": "internal"}, {"slug": "prices"}]
    version = ghosts.parse(ghost, told("post.published", tags=tags)).versions[0]
    assert (version.language, version.topics) == ("be", ("prices",))


def test_an_internal_tag_joins_the_languages_of_a_story(ghost, bring_ghost):
    shared = {"slug": "hash-story-bread", "visibility": "internal"}
    bring_ghost(told("post.published", tags=[shared]))
    bring_ghost(told("post.published", id="6b04", url="", tags=[shared, {"slug": "hash-be"}]))
    assert set(Article.objects.values_list("story__key", "language")) == {("ghost:bread", "en"), ("ghost:bread", "be")}


@pytest.mark.parametrize(
    ("event", "act"),
    [
        ("post.published", Act.PUBLISH),
        ("post.published.edited", Act.REVISE),
        ("post.unpublished", Act.WITHDRAW),
        ("post.deleted", Act.WITHDRAW),
        ("post.added", Act.IGNORE),
        ("post.edited", Act.IGNORE),
        ("post.scheduled", Act.IGNORE),
        ("post.unscheduled", Act.IGNORE),
        ("post.rescheduled", Act.IGNORE),
        ("page.published", Act.IGNORE),
        ("member.added", Act.IGNORE),
    ],
)
def test_each_of_ghosts_events(ghost, event, act):
    incoming = ghosts.parse(ghost, told(event))
    assert incoming.act is act
    assert bool(incoming.why) == (act is Act.IGNORE)


def test_ghost_publishes_takes_back_and_publishes_again(ghost, bring_ghost):
    bring_ghost(told("post.published"))
    bring_ghost(told("post.unpublished", status="draft", updated_at="2026-01-01T11:00:00.000Z"))
    assert Article.objects.get().state == "withdrawn"
    bring_ghost(told("post.published", updated_at="2026-01-01T12:00:00.000Z"))
    assert Article.objects.get().state == "published"
    deleted = {"event": "post.deleted", "post": {"current": {}, "previous": post()}}
    assert bring_ghost(deleted) == "withdrawn"


def test_ghost_telling_the_same_thing_twice_changes_nothing(ghost, bring_ghost):
    bring_ghost(told("post.published"))
    assert bring_ghost(told("post.published")) in {"unchanged", "repeated"}
    assert Article.objects.get().revisions.count() == 1


def test_a_post_without_html_is_refused_in_words(ghost, send_ghost):
    answer = send_ghost(told("post.published", html=None))
    assert (answer.status_code, answer.json()["field"]) == (400, "post.current.html")


def rest(**fields):
    known = {
        "id": 7,
        "date_gmt": "2026-01-01T10:00:00",
        "modified_gmt": "2026-01-01T10:00:00",
        "link": "https://news.example.org/bread/",
        "title": {"rendered": "Bread &#038; salt"},
        "content": {"rendered": "<p>By a tenth.</p>", "protected": False},
        "excerpt": {"rendered": "<p>Dearer.</p>"},
        "_embedded": {
            "wp:featuredmedia": [{"source_url": "https://news.example.org/b.jpg", "alt_text": "Bread"}],
            "wp:term": [[{"slug": "prices"}]],
        },
    }
    return known | fields


def test_a_wordpress_post_as_its_rest_api_gives_it(wordpress):
    version = wordpresses.told(wordpress, rest()).versions[0]
    assert (version.title, version.summary, version.topics) == ("Bread & salt", "Dearer.", ("prices",))
    assert (version.picture_url, version.picture_alt) == ("https://news.example.org/b.jpg", "Bread")
    assert version.published_at.isoformat() == "2026-01-01T10:00:00+00:00"


def test_wordpress_terms_are_read_as_people_write_them(wordpress):
    terms = [{"slug": "%d1%86%d1%8d%d0%bd%d1%8b"}, {"slug": "uncategorized"}, {"slug": "prices"}]
    version = wordpresses.told(wordpress, rest(_embedded={"wp:term": [terms]})).versions[0]
    assert version.topics == ("цэны", "prices")


@pytest.mark.parametrize(
    ("fields", "language", "story"),
    [
        ({"dispatch": {"language": "be", "translations": [7, 5, 9]}}, "be", "wordpress:5"),
        ({"lang": "be", "translations": {"be": 7, "en": 5}}, "be", "wordpress:5"),
        ({"dispatch": {"language": "by", "translations": []}}, "be", "wordpress:7"),
        ({"dispatch": {"language": "", "translations": []}}, "en", "wordpress:7"),
        ({"dispatch": {"language": "Not a language", "translations": ["x", None]}}, "en", "wordpress:7"),
    ],
    ids=["our plugin", "Polylang Pro", "a code of their own", "no such plugin", "nonsense"],
)
def test_wordpress_translations_are_one_story(wordpress, fields, language, story):
    wordpress.language_tags = {"be": "by"}
    incoming = wordpresses.told(wordpress, rest(**fields))
    assert (incoming.versions[0].language, incoming.story_key) == (language, story)


def test_a_wordpress_post_behind_a_password_is_for_nobody_here(wordpress):
    incoming = wordpresses.told(wordpress, rest(content={"rendered": "", "protected": True}))
    assert (incoming.act, incoming.external_id) == (Act.WITHDRAW, "7")


@pytest.mark.parametrize("hint", [{"post_id": 7}, {"ID": "7"}, {"post": {"ID": 7, "post_content": "a lie"}}])
def test_a_wordpress_hint_names_a_post_and_nothing_more(wordpress, hint):
    incoming = wordpresses.parse(wordpress, hint)
    assert (incoming.act, incoming.external_id, incoming.versions) == (Act.LOOK, "7", ())


@pytest.mark.parametrize("hint", [{}, {"post_id": "7/../../users"}, {"post_id": None}, {"post_id": "²"}])
def test_a_hint_without_a_number_is_refused(wordpress, hint):
    with pytest.raises(Malformed):
        wordpresses.parse(wordpress, hint)


def test_a_source_cannot_speak_for_another(ghost, native):
    other = add_source("ghost", slug="other")
    intake.take(ghost, ghosts.parse(ghost, told("post.published")))
    assert intake.take(other, ghosts.parse(other, told("post.deleted"))).did == "unchanged"
    assert Article.objects.get().state == "published"
