"""The page that plans posts from a file."""

import base64
import re
from datetime import timedelta

import newsroom
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dispatch.social.models import Post

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    newsroom.channel("masto", "fake")
    for number in range(3):
        newsroom.story("en", key=f"site:{number}")
    return newsroom.signed_in(client, "editor")


@pytest.fixture
def content():
    day = timezone.localtime() + timedelta(days=2)
    rows = [f"masto,{day:%Y-%m-%d} {10 + number}:00,site:{number}" for number in range(3)]
    return "\n".join(("channel,moment,story", *rows, "nobody,next,site:1")).encode()


def look(client, content):
    page = client.post("/calendar/bulk", {"file": SimpleUploadedFile("posts.csv", content)}, follow=True)
    return page.content.decode()


def fields(page):
    return {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("content", "seen")}


def test_a_look_shows_each_line_and_what_is_shown_is_planned_once(editor, content):
    page = look(editor, content)
    assert "Plan these 3" in page
    assert "there is no channel “nobody”" in page
    assert not Post.objects.exists()
    said = fields(page)
    assert "3 posts planned." in editor.post("/calendar/bulk/plan", said, follow=True).content.decode()
    assert "nothing was planned twice" in editor.post("/calendar/bulk/plan", said, follow=True).content.decode()
    assert Post.objects.count() == 3


def test_what_changed_since_the_look_is_shown_and_not_planned(editor, content):
    said = fields(look(editor, content))
    newsroom.channel("nobody", "fake")
    page = editor.post("/calendar/bulk/plan", said).content.decode()
    assert "Something changed since that look. Nothing was planned." in page
    assert fields(page)["seen"] != said["seen"]
    assert not Post.objects.exists()


@pytest.mark.parametrize("damaged", ["", "%%%", base64.b64encode(b"\xff").decode()])
def test_what_comes_back_damaged_plans_nothing(editor, damaged):
    for path in ("plan", "results"):
        answer = editor.post(f"/calendar/bulk/{path}", {"content": damaged, "seen": "x"}, follow=True)
        assert "Nothing was planned." in answer.content.decode()


def test_the_results_and_the_template_are_files(editor, content):
    answer = editor.post("/calendar/bulk/results", fields(look(editor, content)))
    assert answer["Content-Disposition"] == 'attachment; filename="posts-results.csv"'
    assert "would be planned" in answer.content.decode()
    assert "channel" in editor.get("/calendar/bulk/template").content.decode()


def test_a_file_that_is_none_is_asked_for_again(editor):
    assert "Choose a CSV file" in editor.post("/calendar/bulk", {}, follow=True).content.decode()
    assert "Choose a CSV file" in look(editor, b"x" * (2 * 1024 * 1024 + 1))
    assert "not UTF-8" in look(editor, b"\xff\xfe")


def test_markup_in_a_file_stays_text(editor):
    page = look(editor, b"channel,moment,story\n<script>alert(1)</script>,next,site:1")
    assert "<script>alert" not in page


@pytest.mark.parametrize("path", ["", "/plan", "/results"])
def test_others_may_nothing(client, path):
    assert client.post(f"/calendar/bulk{path}").status_code == 302
