"""What Health says of channels, of files that got out, and of the certificate."""

import time
from datetime import timedelta

import newsroom
import ports
import pytest
from django.utils import timezone

from dispatch.audience.models import Export, Honey
from dispatch.operations import certificate, health
from dispatch.operations.checks import Check
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


def test_a_file_that_got_out_long_ago_is_not_forgotten_and_no_alarm():
    seen = {"address_index": b"a" * 32, "seen_in": "mail"}
    Honey.objects.create(file="backup:2026-11-23 14:00:05", seen_at=timezone.now() - timedelta(days=8), **seen)
    assert [check.state for check in health.leaks()] == ["todo"]


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


@pytest.mark.parametrize(
    ("days", "state", "said"),
    [
        (60, "ok", "That of dispatch.example is good until "),
        (13, "todo", "That of dispatch.example is good until "),
        (-1, "bad", "That of dispatch.example is over since "),
    ],
)
def test_the_certificate_of_the_public_address_has_a_line(settings, monkeypatch, days, state, said):
    settings.PUBLIC_URL = "https://dispatch.example"
    monkeypatch.setattr(certificate.own, "look", lambda: time.time() + days * 86400)
    (found,) = certificate.checks()
    assert (found.part, found.state) == ("Certificate", state)
    assert found.words.startswith(said)
    assert bool(found.remedy) == (state != "ok")


def test_a_certificate_that_cannot_be_read_is_told_and_one_not_asked_for_yet_is_not(settings, monkeypatch):
    settings.PUBLIC_URL = f"https://127.0.0.1:{ports.free()}"
    watch = certificate.Watch()
    monkeypatch.setattr(certificate, "own", watch)
    monkeypatch.setattr(watch, "look", lambda: None)
    assert list(certificate.checks()) == []
    watch._ask("127.0.0.1", int(settings.PUBLIC_URL.rpartition(":")[2]))
    (found,) = certificate.checks()
    assert found.state == "todo"
    assert "could not be read: [Errno 111] Connection refused." in found.words


def test_each_check_is_asked_of_the_whole(monkeypatch):
    monkeypatch.setattr(certificate, "checks", lambda: iter([Check("Certificate", "ok", "It is good.")]))
    parts = [check.part for check in health.checks()]
    assert "Certificate" in parts
    assert any(part.startswith("Disk of ") for part in parts)
