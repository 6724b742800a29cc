"""The composer of a thread: what it costs as a whole, what the template leaves alone, and taking back what is out."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts.models import AuditEntry
from dispatch.social import composition, drafting, threads
from dispatch.social.models import Attempt, Change, Channel, Post

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    return newsroom.signed_in(client, "editor")


def post_on(network):
    about = newsroom.story("en", "be")
    on = newsroom.channel("ours", network)
    Channel.objects.update(settings={"threads": True})
    return newsroom.post(on, about, Post.State.SCHEDULED, due_at=timezone.now() + timedelta(days=1))


def seen(editor, post):
    return " ".join(editor.get(f"/stories/{post.story_id}/compose").content.decode().split())


def test_a_thread_on_x_says_what_all_of_it_costs(editor):
    post = post_on("x")
    Post.objects.update(text="No link")
    assert "the whole thread costs" not in seen(editor, post)
    threads.add(Post.objects.get(pk=post.pk))
    Post.objects.filter(place=1).update(text="The report: https://office.example.org/report")
    assert composition.line_of(post).price == pytest.approx(0.015 + 0.2)
    assert "the whole thread costs $0.215." in seen(editor, post)
    Post.objects.filter(place=0).update(state="sent")
    assert "the whole thread costs $0.200." in seen(editor, post)  # the first is paid for


def test_another_language_s_template_says_that_the_further_parts_stay(editor):
    post = post_on("fake")
    threads.add(Post.objects.get(pk=post.pk))
    Post.objects.filter(place=1).update(text="And a second thought")
    belarusian = post.story.articles.get(language="be")
    typed = drafting.as_typed(post)
    form = {"version": post.version, "text": typed.text, "link": typed.link, "language": typed.language}
    answer = editor.post(f"/posts/{post.pk}/write", {**form, "do": f"template:{belarusian.pk}"}, follow=True)
    assert "What comes after it was left as it was: 1 part." in answer.content.decode()
    first, second = Post.objects.order_by("place")
    assert (first.language, second.language, second.text) == ("be", "en", "And a second thought")


def test_taking_back_what_is_out_asks_for_the_second_factor_first(editor, settings):
    post = post_on("fake")
    Attempt.objects.create(post=post, number=1, key="k", started_at=timezone.now(), outcome="sent")
    Post.objects.update(state="sent", remote_id="1", sent_at=timezone.now())
    settings.SECOND_FACTOR = True
    answer = editor.post(f"/posts/{post.pk}/take-back", {"reason": "not ours"})
    assert answer.url.startswith("/account/factors/")
    assert not Change.objects.exists()
    assert not AuditEntry.objects.filter(act="post.delete").exists()
    settings.SECOND_FACTOR = False
    editor.post(f"/posts/{post.pk}/take-back", {"reason": "not ours"})
    assert Change.objects.get().act == "delete"
