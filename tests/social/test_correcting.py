"""A correction stands as a reply beneath what is out, once."""

import pytest
from django.utils import timezone

from dispatch.accounts.models import AuditEntry
from dispatch.articles.models import Article, Revision
from dispatch.social import channels, correcting, planning, publishing
from dispatch.social.models import Post

pytestmark = pytest.mark.django_db
OLD, NEW = "A reading room opens in Vilnius", "A reading room opens in Kaunas"


@pytest.fixture
def fake(fake):
    channels.connect("fake", name="Fake", network="fake", credentials={})
    return fake


@pytest.fixture
def sent(fake, make_article):
    planning.plan(make_article(OLD))
    post = Post.objects.get()
    publishing.publish(post.pk)
    post.refresh_from_db()
    return post


def revise(article, **said):
    old = article.current
    values = {"title": old.title, "summary": old.summary, "html": old.html, "text": old.text, "hash": b"n" * 32}
    made = Revision.objects.create(article=article, number=old.number + 1, updated_at=timezone.now(), **(values | said))
    Article.objects.filter(pk=article.pk).update(current=made)
    article.refresh_from_db()


def test_it_is_posted_beneath_what_it_corrects(sent, fake):
    made = correcting.reply(sent.pk, None, "the city was wrong", "It is Kaunas.")
    assert (made.place, made.follows, made.edited) == (1, sent, True)
    publishing.publish(made.pk)
    assert [draft.reply_to for draft in fake.out.values()] == ["", sent.remote_id]
    assert AuditEntry.objects.get().act == "post.correct"


@pytest.mark.parametrize("name", ["facebook", "instagram", "linkedin"])
def test_it_stands_as_a_comment_where_there_are_no_threads(name, connect, make_article):
    connect(name)
    planning.plan(make_article(OLD))
    publishing.publish(Post.objects.get().pk)
    made = correcting.reply(Post.objects.get().pk, None, "the city was wrong", "It is Kaunas.")
    publishing.publish(made.pk)
    made.refresh_from_db()
    assert (made.state, made.trouble) == ("sent", "")


def test_the_same_is_not_said_twice(sent):
    assert correcting.reply(sent.pk, None, "wrong", "It is Kaunas.")
    assert correcting.reply(sent.pk, None, "wrong", "It is Kaunas.") is None
    assert correcting.reply(sent.pk, None, "wrong again", "It is Kaunas, on Friday.").place == 2


@pytest.mark.parametrize("values", [{"state": "scheduled"}, {"state": "gone"}, {"remote_id": ""}])
def test_what_is_not_out_or_nowhere_known_has_nothing_beneath_it(sent, values):
    Post.objects.update(**values)
    assert correcting.reply(sent.pk, None, "wrong", "It is Kaunas.") is None
    assert Post.objects.count() == 1


def test_the_offered_text_names_what_was_wrong(sent):
    revise(sent.article, title=NEW)
    sent.refresh_from_db()
    text = correcting.offered(sent, OLD)
    assert text == f"Correction: this said “{OLD}”. It should say: “{NEW}”.\n\n{sent.link}"
    assert correcting.problem(sent, text) == ""


@pytest.mark.parametrize(("language", "word"), [("be", "Выпраўленне"), ("ru", "Исправление"), ("en-GB", "Correction")])
def test_it_speaks_the_posts_language(sent, language, word):
    sent.language = language
    assert correcting.offered(sent, OLD).startswith(word)


def test_what_does_not_fit_is_offered_without_the_old_title_and_told(sent):
    revise(sent.article, title="Long " * 60)
    sent.refresh_from_db()
    assert "this said" not in correcting.offered(sent, "Old " * 60)
    assert correcting.problem(sent, "x" * 501) == "It is too long: 501 of 500 characters."
    assert correcting.problem(sent, "  ")


def test_what_is_taken_back_is_said_to_be(sent):
    Article.objects.update(state="withdrawn")
    sent.refresh_from_db()
    text = correcting.offered(sent, OLD)
    assert text == f"Correction: we have taken this story back (“{OLD}”)."
