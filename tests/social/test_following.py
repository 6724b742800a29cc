"""What is out follows its story by itself only where the newsroom says so."""

import pytest
from django.utils import timezone

from dispatch.articles.models import Article, Revision
from dispatch.social import changing, channels, planning, publishing
from dispatch.social.models import Change, Post

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(fake, make_article):
    channels.connect("fake", name="Fake", network="fake", credentials={})
    planning.plan(make_article())
    post = Post.objects.get()
    publishing.publish(post.pk)
    return post


def revise(article):
    made = Revision.objects.create(
        article=article, number=2, updated_at=timezone.now(), title="Another", hash=b"n" * 32
    )
    article.current = made
    article.save()
    planning.plan(article)


def withdraw(article):
    Article.objects.filter(pk=article.pk).update(state="withdrawn", withdrawn_at=timezone.now())
    article.refresh_from_db()
    planning.withdraw(article)


@pytest.mark.parametrize("happens", [revise, withdraw])
def test_nothing_is_changed_by_itself(sent, happens):
    happens(sent.article)
    assert not Change.objects.exists()


def test_an_edit_follows_where_the_newsroom_says_so_once(sent, settings):
    settings.FOLLOW_CHANGES = ["edit"]
    revise(sent.article)
    planning.plan(sent.article)
    (change,) = Change.objects.all()
    assert (change.act, change.text.split("\n")[0]) == ("edit", "Another")
    changing.change(change.pk)
    planning.plan(sent.article)
    assert Change.objects.count() == 1
    withdraw(sent.article)
    assert Change.objects.count() == 1


def test_what_an_editor_wrote_is_left_to_a_person(sent, settings):
    settings.FOLLOW_CHANGES = ["edit"]
    Post.objects.update(edited=True)
    revise(sent.article)
    assert not Change.objects.exists()


def test_a_deletion_follows_where_the_newsroom_says_so_once(sent, settings):
    settings.FOLLOW_CHANGES = ["delete"]
    revise(sent.article)
    assert not Change.objects.exists()
    withdraw(sent.article)
    withdraw(sent.article)
    assert list(Change.objects.values_list("act", flat=True)) == ["delete"]
