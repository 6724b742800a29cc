"""A story changes after it was out: an editor sees what was said, what is true now, and decides, once for each revision."""

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts.models import AuditEntry
from dispatch.articles.models import Article, Revision
from dispatch.desk import afterwards
from dispatch.desk.models import Decision
from dispatch.social import networks, planning, publishing
from dispatch.social.models import Change, Post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rung(monkeypatch):
    monkeypatch.setattr("dispatch.queue.enqueue", lambda *_: None)


@pytest.fixture
def story():
    network = networks.get("fake")
    network.out, network.answer = {}, None
    newsroom.channel("fake", "fake")
    return newsroom.story("en")


@pytest.fixture
def post(story):
    planning.plan(story.articles.get())
    one = Post.objects.get()
    publishing.publish(one.pk)
    one.refresh_from_db()
    return one


@pytest.fixture
def send(story):
    newsroom.relay()
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=3)
    return newsroom.send(office, story)


@pytest.fixture
def press(client, story):
    """press(post, "edit", …) as an editor; what the page of the story's changes says then."""
    newsroom.signed_in(client, "editor")

    def pressed(path, **fields):
        answer = client.post(path, {"reason": "the city was wrong"} | fields, follow=True)
        return " ".join(answer.content.decode().split())

    return pressed


def revise(story, **said):
    article = story.articles.select_related("current").get()
    old = article.current
    values = {"title": old.title, "html": old.html, "text": old.text, "hash": b"n" * 32}
    made = Revision.objects.create(article=article, number=old.number + 1, updated_at=timezone.now(), **(values | said))
    Article.objects.filter(pk=article.pk).update(current=made)


def withdraw(story):
    story.articles.update(state="withdrawn", withdrawn_at=timezone.now())


def shown(client, path):
    return " ".join(client.get(path).content.decode().split())


def test_what_is_as_it_was_asks_nobody(client, story, post, send):
    newsroom.signed_in(client, "editor")
    assert afterwards.plan(story).differing == 0
    assert "changed after it was out" not in shown(client, "/")
    assert "What is out says what is true now." in shown(client, f"/stories/{story.pk}/changes")


def test_home_and_the_story_say_that_it_changed_in_one_line(client, story, post, send):
    newsroom.signed_in(client, "editor")
    revise(story, title="A reading room opens beside the lake")
    home = shown(client, "/")
    assert home.count("changed after it was out") == 1
    assert "“A reading room opens beside the lake” changed after it was out: 1 post and 1 edition to look at." in home
    assert f"/stories/{story.pk}/changes" in shown(client, f"/stories/{story.pk}")


def test_the_words_that_changed_stand_out(client, story, post, send):
    newsroom.signed_in(client, "editor")
    revise(story, title="A reading room opens beside the lake", text=newsroom.BODY["en"].replace("Two", "Three"))
    page = shown(client, f"/stories/{story.pk}/changes")
    assert page.count("<del>river</del><ins>lake</ins>") == 3  # the post's title and text, the edition's title
    assert "<del>Two</del><ins>Three</ins>" in page
    assert "of revision 1; now it is revision 2" in page


def test_another_text_alone_is_asked_of_mail_and_not_of_posts(story, post, send):
    revise(story, text="Three hundred people came.")
    assert afterwards.plan(story).words == "1 edition"


def test_an_editor_edits_it_there(story, post, press):
    revise(story, title="A reading room opens beside the lake")
    page = press(f"/posts/{post.pk}/changed/edit", text="It is the lake.")
    assert "It is being edited there." in page
    assert "Edited" in page
    change = Change.objects.get()
    assert (change.act, change.text) == ("edit", "It is the lake.")
    assert afterwards.plan(story).open == 0
    revise(story, title="A reading room opens beside the sea")
    assert afterwards.plan(story).open == 1


def test_what_does_not_fit_changes_nothing(story, post, press):
    assert "It is too long: 600 of 500 characters. Nothing was changed." in press(
        f"/posts/{post.pk}/changed/edit", text="x" * 600
    )
    assert not Change.objects.exists()
    assert not Decision.objects.exists()


def test_an_editor_deletes_it_there(story, post, press):
    withdraw(story)
    assert "It is being deleted there." in press(f"/posts/{post.pk}/changed/delete")
    assert Change.objects.get().act == "delete"
    assert afterwards.plan(story).open == 0


def test_an_editor_replies_with_a_correction(story, post, press):
    revise(story, title="A reading room opens beside the lake")
    assert "The correction is posted beneath it now." in press(f"/posts/{post.pk}/changed/correct", text="The lake.")
    reply = Post.objects.get(follows=post)
    publishing.publish(reply.pk)
    assert afterwards.plan(story).open == 0
    assert "Nothing was changed" in press(f"/posts/{post.pk}/changed/correct", text="The lake.")


def test_letting_it_be_is_kept_and_not_asked_again_for_this_revision(client, story, post, send, press):
    revise(story, title="A reading room opens beside the lake")
    press(f"/posts/{post.pk}/changed/let-be", reason="nobody minds")
    page = press(f"/stories/{story.pk}/editions/{send.edition_id}/let-be", reason="nobody minds")
    assert page.count("nobody minds") == 2
    assert "changed after it was out" not in shown(client, "/")
    assert set(AuditEntry.objects.values_list("act", flat=True)) == {"post.let_be", "edition.let_be"}
    revise(story, title="A reading room opens beside the sea")
    assert afterwards.plan(story).words == "1 post and 1 edition"


def test_a_refused_edit_is_asked_about_until_someone_did_it_by_hand(client, story, post, press):
    revise(story, title="A reading room opens beside the lake")
    press(f"/posts/{post.pk}/changed/edit", text="It is the lake.")
    Change.objects.update(state="refused", trouble="too late to edit")
    assert "too late to edit" in shown(client, f"/stories/{story.pk}/changes")
    assert afterwards.plan(story).open == 1
    assert "Noted." in press(f"/changes/{Change.objects.get().pk}/settle", done="yes")
    assert afterwards.plan(story).open == 0
    post.refresh_from_db()
    assert post.text == "It is the lake."


def test_every_post_goes_back_at_once_and_what_cannot_be_deleted_is_ticked_off(client, story, post, press, monkeypatch):
    newsroom.post(newsroom.channel("x", "x"), story, "scheduled")
    page = shown(client, f"/stories/{story.pk}/changes")
    assert "1 post not out yet: it stays in." in page
    assert "1 post out: deleted on fake." in page
    limits = networks.get("fake").limits(None)
    monkeypatch.setattr("dispatch.social.networks.fake.LIMITS", type(limits)(longest=500, unit="characters"))
    assert "1 post where Dispatch cannot delete" in shown(client, f"/stories/{story.pk}/changes")
    page = press(f"/stories/{story.pk}/take-back")
    assert "Kept in: 1. Being deleted: 0. In doubt: 0. To be deleted by hand: 1" in page
    press(f"/stories/{story.pk}/take-back")
    change = Change.objects.get()
    assert (change.act, change.state) == ("delete", "refused")
    press(f"/changes/{change.pk}/settle", done="yes")
    assert set(Post.objects.values_list("state", flat=True)) == {"gone", "dropped"}


def test_what_is_said_of_a_withdrawn_story_after_it_was_withdrawn_knew_of_that(story, post, press):
    withdraw(story)
    press(f"/posts/{post.pk}/changed/correct", text="We took this back.")
    Post.objects.filter(follows=post).update(state="sent", sent_at=timezone.now())
    assert afterwards.plan(story).open == 0


@pytest.mark.parametrize("path", ["posts/{post}/changed/shout", "stories/{story}/editions/{edition}/shout"])
def test_there_is_nothing_else_to_press(client, story, post, send, path):
    newsroom.signed_in(client, "editor")
    path = path.format(post=post.pk, story=story.pk, edition=send.edition_id)
    assert client.post(f"/{path}", {"reason": "why not"}).status_code == 404
