"""After a story changed: a program sees what differs, lets be, corrects; and reads how it was taken, in steps of twenty."""

import newsroom
import pytest
from django.utils import timezone

from dispatch.api.tokens import Scope
from dispatch.articles.models import Article, Revision
from dispatch.delivery.models import Send
from dispatch.desk.models import Decision, Notice, Target
from dispatch.social import networks, planning, publishing
from dispatch.social.models import Change, Counted, Post

pytestmark = pytest.mark.django_db
WHY = {"reason": "it matters little"}


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
    office = newsroom.newsletter()
    newsroom.readers(office, en=23)
    one = newsroom.send(office, story)
    Send.objects.filter(pk=one.pk).update(started_at=timezone.now())
    return one


def revise(story, title="A reading room closes"):
    article = Article.objects.get(story=story)
    told = {"number": 9, "title": title, "updated_at": timezone.now(), "hash": b"i" * 32}
    article.current = Revision.objects.create(article=article, **told)
    article.save()


def test_what_differs_is_listed_until_somebody_lets_it_be(alice, story, post, send):
    assert not alice.get(f"/stories/{story.pk}/changes").json()["posts"][0]["open"]
    revise(story)
    plan = alice.get(f"/stories/{story.pk}/changes").json()
    (one,), (edition,) = plan["posts"], plan["editions"]
    assert (one["told_title"], one["true_title"]) == (newsroom.TITLES["en"], "A reading room closes")
    assert (one["open"], edition["open"], edition["languages"]) == (True, True, ["en"])
    assert alice.post(f"/posts/{post.pk}/let-be", WHY).status_code == 204
    assert alice.post(f"/stories/{story.pk}/editions/{send.edition_id}/let-be", WHY).status_code == 204
    plan = alice.get(f"/stories/{story.pk}/changes").json()
    assert [one["decided"] for one in [*plan["posts"], *plan["editions"]]] == ["let be", "let be"]
    assert not any(one["open"] for one in [*plan["posts"], *plan["editions"]])


def test_an_edit_by_a_program_decides_as_one_at_the_desk_does(alice, story, post):
    revise(story)
    assert alice.post(f"/posts/{post.pk}/edit", WHY | {"text": "Mended"}).status_code == 202
    assert (Decision.objects.get().how, Decision.objects.get().by) == ("edited", alice.person)


def test_a_correction_is_posted_beneath(alice, story, post):
    revise(story)
    said = WHY | {"text": "We were wrong: it closes."}
    made = alice.post(f"/posts/{post.pk}/correct", said)
    assert (made.status_code, made.json()["follows"]) == (201, post.pk)
    assert alice.post(f"/posts/{post.pk}/correct", said).status_code == 409
    assert "text" in alice.post(f"/posts/{post.pk}/correct", said | {"text": "x" * 900}).json()["errors"]


def test_what_is_not_out_is_not_let_be(alice, story):
    draft = newsroom.post(on=newsroom.channel(), about=story, state="draft")
    assert alice.post(f"/posts/{draft.pk}/let-be", WHY).status_code == 409
    assert alice.post(f"/stories/{story.pk}/editions/1/let-be", WHY).status_code == 404


def test_how_it_was_taken_is_told_in_steps_of_twenty(alice, program, story, post, send):
    Counted.objects.create(post=post, after="01:00:00", replies=2, likes=7, reposts=1)
    said = alice.get(f"/stories/{story.pk}/feedback").json()
    assert [(one["readers"], one["accepted"], one["left"]) for one in said["mail"]] == [(20, 0, 0)]
    assert [(one["replies"], one["likes"], one["reposts"]) for one in said["posts"]] == [(2, 7, 1)]
    bob = program("editor", Scope.POSTS, name="Bob")
    assert bob.get(f"/stories/{story.pk}/feedback").json()["mail"] == []
    assert bob.get(f"/stories/{story.pk}/changes").json()["editions"] == []


def test_operators_read_what_was_told_and_no_address(alice, program):
    target = Target.objects.create(name="On call", way="mail", address=b"sealed", kinds=["stop"])
    Notice.objects.create(target=target, text="A STOP was pulled", due_at=timezone.now(), state="sent")
    (one,) = alice.get("/notices").json()["items"]
    assert (one["target"], one["state"], one["text"]) == ("On call", "sent", "A STOP was pulled")
    assert "address" not in one
    (blind,) = program("operator", Scope.AUDIT, name="Bob").get("/notices").json()["items"]
    assert blind["text"] is None
    assert program("editor", name="Charlie").get("/notices").status_code == 403


def test_one_newsletter(alice):
    newsroom.newsletter()
    assert alice.get("/newsletters/office").json()["languages"] == ["en", "be", "ru"]
    assert alice.get("/newsletters/nothing").status_code == 404


def test_a_deletion_that_failed_is_settled_by_who_did_it(alice, post):
    change = Change.objects.create(post=post, act="delete", state="refused", due_at=timezone.now())
    said = {"reason": "deleted by hand", "done": True}
    assert alice.post(f"/changes/{change.pk}/settle", said).status_code == 204
    change.refresh_from_db()
    post.refresh_from_db()
    assert (change.state, post.state) == ("done", "gone")
    assert alice.post(f"/changes/{change.pk}/settle", said).status_code == 409
    assert alice.post("/changes/999/settle", said).status_code == 404
