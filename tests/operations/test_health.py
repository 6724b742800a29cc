"""What Health says of channels."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.audience.models import Export, Honey
from dispatch.operations import health
from dispatch.social.models import Channel, Post

pytestmark = pytest.mark.django_db


def test_a_channel_that_cannot_post_is_shown_with_the_posts_that_wait_for_it():
    newsroom.post(
        newsroom.channel(), newsroom.story("en"), Post.State.SCHEDULED, due_at=timezone.now() + timedelta(hours=3)
    )
    Channel.objects.update(trouble="the token was revoked.")
    (found,) = health.channels()
    assert found.state == "todo"
    assert found.words.startswith("the token was revoked. It will not post “A reading room opens beside the river” (")
    Channel.objects.update(trouble="")
    (found,) = health.channels()
    assert (found.state, found.words) == ("ok", "Mastodon, not asked yet.")


def test_an_export_that_got_out_is_trouble():
    assert list(health.leaks()) == []
    values = {"recipient": "age1", "reason": "the auditors", "expires_at": timezone.now()}
    export = Export.objects.create(newsletter=newsroom.newsletter(), asked_by=newsroom.person(), **values)
    for mark in (b"a", b"b"):
        Honey.objects.create(
            file=f"export:{export.pk}", address_index=mark * 32, seen_at=timezone.now(), seen_in="mail"
        )
    (found,) = health.leaks()
    assert (found.state, found.words) == (
        "bad",
        f"Export {export.pk} got out: a reader who exists nowhere else was seen.",
    )
