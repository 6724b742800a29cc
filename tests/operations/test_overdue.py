"""What Health says of whoever goes without while every program is well."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.articles.models import Article, Revision
from dispatch.delivery.models import Approval, Send
from dispatch.editions.models import Edition
from dispatch.operations import health, overdue

pytestmark = pytest.mark.django_db


def edition(state, slot="2026-11-22", *, minutes=20, newsletter=None, **fields):
    daily = newsletter or newsroom.newsletter("daily", cadence="daily")
    due = timezone.now() - timedelta(minutes=minutes)
    return Edition.objects.create(newsletter=daily, slot=slot, state=state, due_at=due, **fields)


def said(checks):
    return [(check.state, check.words) for check in checks]


def test_where_nobody_waits_that_is_said():
    assert said(overdue.checks()) == [
        ("ok", "None has failed or is late."),
        ("ok", "All that arrived are planned."),
        ("ok", "Whoever asked for one has it."),
    ]


def test_editions_that_failed_are_late_or_are_not_sent_are_told_apart():
    daily = edition("failed").newsletter
    edition("late", "2026-11-23", newsletter=daily)
    edition("due", "2026-11-24", newsletter=daily)
    edition("gathering", "2026-11-25", newsletter=daily, minutes=-60)
    edition("rendered", "2026-11-26", newsletter=daily, enlisted_at=timezone.now())
    assert said(overdue.editions()) == [
        (
            "todo",
            (
                "1 edition could not be rendered; 1 edition not sent at its moment, waiting for somebody;"
                " 1 edition due, and no send of it began."
            ),
        )
    ]


def test_an_edition_that_is_being_made_is_not_late():
    edition("due", minutes=5)
    assert said(overdue.editions()) == [("ok", "None has failed or is late.")]


def test_an_article_that_nobody_planned_is_told_once_it_is_long_ago():
    newsroom.story("en")
    Article.objects.update(planned_at=None)
    assert said(overdue.articles()) == [("ok", "All that arrived are planned.")]
    Revision.objects.update(received_at=timezone.now() - timedelta(minutes=6))
    assert said(overdue.articles()) == [
        ("todo", "1 article arrived and nothing became of it yet, the oldest 6 min ago.")
    ]


def test_an_article_under_embargo_waits_as_it_should():
    story = newsroom.story("en")
    Article.objects.update(planned_at=None)
    Revision.objects.update(received_at=timezone.now() - timedelta(hours=1))
    type(story).objects.update(embargo_until=timezone.now() + timedelta(hours=1))
    assert said(overdue.articles()) == [("ok", "All that arrived are planned.")]


def test_sends_that_wait_for_somebody_say_why_and_what_was_paused_by_a_person_does_not():
    office = newsroom.newsletter(languages=["en"])
    held, paused, asked = (newsroom.send(office, newsroom.story("en", key=key)) for key in ("a", "b", "c"))
    Send.objects.filter(pk=held.pk).update(state="paused", is_held=True, trouble="It stood still for hours.")
    Send.objects.filter(pk=paused.pk).update(state="paused")
    Send.objects.filter(pk=asked.pk).update(state="draft")
    Approval.objects.create(send=asked, why="It goes to many.", then="sending", hash=b"")
    assert [(check.part, check.words) for check in overdue.held()] == [
        (f"Send {held.pk}", "It paused by itself and waits for somebody. It stood still for hours."),
        (f"Send {asked.pk}", "It waits for a second person. It goes to many."),
    ]


def test_health_has_them():
    parts = {check.part for check in health.checks()}
    assert {"Editions", "Articles", "Letters"} <= parts
