"""An article is planned until the plan is of what it is now."""

import pytest
from articles.conftest import article

from dispatch.articles.models import Article
from dispatch.workers import articles as tasks

pytestmark = pytest.mark.django_db


def test_an_article_is_planned_once(native, bring):
    bring(article())
    found = Article.objects.get()
    tasks.plan_article(found.pk)
    planned_at = Article.objects.get().planned_at
    tasks.plan_article(found.pk)
    assert planned_at
    assert Article.objects.get().planned_at == planned_at


def test_what_is_withdrawn_while_it_is_planned_is_planned_again(native, bring, monkeypatch):
    bring(article())

    def withdraw_meanwhile(_):
        bring({"story": "un-report"}, event="article.withdrawn", name="msg_2")

    monkeypatch.setattr(tasks.editions, "plan", withdraw_meanwhile)
    number = Article.objects.get().pk
    tasks.plan_article(number)
    assert Article.objects.get().planned_at is None
    tasks.plan_article(number)
    assert Article.objects.get().planned_at
