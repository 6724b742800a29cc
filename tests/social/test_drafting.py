"""Writing a post: nobody is overwritten in silence, nothing that may be out changes, templates keep their hands off."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from dispatch.accounts.models import AuditEntry, User
from dispatch.articles.models import Article, Revision, Source, Story
from dispatch.social import adding, channels, drafting, planning
from dispatch.social.adding import Stands, Wish
from dispatch.social.drafting import Closed, Saved, Stale, Typed
from dispatch.social.models import Attempt, Post

WORDS = st.text(alphabet="abc \n", max_size=8)


@pytest.fixture
def channel(db):
    return channels.connect("fake", name="Fake", network="fake", credentials={}, languages=["be", "en"])


@pytest.fixture
def post(channel, make_article):
    planning.plan(make_article())
    return Post.objects.get()


def typed(post, text):
    return Typed(text=text, link=post.link, language=post.language)


def test_what_was_typed_is_another_version(post):
    assert isinstance(drafting.write(post.pk, 1, typed(post, "By hand"), None), Saved)
    post.refresh_from_db()
    assert (post.text, post.version, post.edited, post.checked_at) == ("By hand", 2, True, None)


def test_what_changes_nothing_is_saved_however_old_its_version_is(post):
    drafting.write(post.pk, 1, typed(post, "By hand"), None)
    assert isinstance(drafting.write(post.pk, 1, typed(post, "By hand"), None), Saved)
    assert Post.objects.get().version == 2
    assert AuditEntry.objects.filter(act="post.write").count() == 1


def test_who_saw_an_older_version_changes_nothing_and_is_told_whose_is_newer(post):
    bob = User.objects.create_user("bob@example.org", name="Bob")
    drafting.write(post.pk, 1, typed(post, "Bob's"), bob)
    answer = drafting.write(post.pk, 1, typed(post, "Alice's"), None)
    assert isinstance(answer, Stale)
    assert (answer.post.text, answer.by) == ("Bob's", bob)
    assert Post.objects.get().text == "Bob's"


@pytest.mark.parametrize("state", ["claimed", "sent", "unknown", "dropped", "withdrawn", "gone"])
def test_what_is_not_waiting_cannot_be_written(post, state):
    Post.objects.update(state=state)
    assert isinstance(drafting.write(post.pk, 1, typed(post, "Too late"), None), Closed)
    assert Post.objects.get().text != "Too late"


def test_what_an_attempt_may_have_put_out_cannot_be_written(post):
    Attempt.objects.create(post=post, number=1, key="k", started_at=timezone.now(), outcome="unknown")
    assert drafting.write(post.pk, 1, typed(post, "Other"), None) == Closed(post, drafting.MAY_BE_OUT)


def test_of_many_who_save_at_once_upon_one_version_one_does(transactional_db, make_article):
    channels.connect("fake", name="Fake", network="fake", credentials={})
    planning.plan(make_article())
    post, answers = Post.objects.get(), []

    def save(text):
        answers.append((text, drafting.write(post.pk, 1, typed(post, text), None)))
        connection.close()

    people = [threading.Thread(target=save, args=(f"Text {number}",)) for number in range(6)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    (kept,) = [text for text, answer in answers if isinstance(answer, Saved)]
    post.refresh_from_db()
    assert (post.text, post.version) == (kept, 2)


def test_a_revision_changes_what_nobody_wrote_and_its_version_tells(post, make_article):
    post.article.current.title = "A new title"
    post.article.current.save()
    planning.plan(post.article)
    answer = drafting.write(post.pk, 1, typed(post, "Upon the old one"), None)
    assert isinstance(answer, Stale)
    assert answer.post.text.startswith("A new title")


def test_a_better_language_that_comes_later_does_not_take_what_an_editor_wrote(post, make_article):
    drafting.write(post.pk, 1, typed(post, "By hand"), None)
    planning.plan(make_article("Чытальня", language="be", story=post.story))
    assert Post.objects.get().text == "By hand"


def test_the_template_comes_back_and_is_followed_from_then_on(post):
    drafting.write(post.pk, 1, typed(post, "By hand"), None)
    drafting.follow_template(drafting.locked(post.pk), post.article)
    post.refresh_from_db()
    assert post.text.startswith("A reading room opens")
    assert not post.edited


def test_a_version_that_the_channel_would_not_choose_stays_when_somebody_chose_it(post, make_article):
    belarusian = make_article("Чытальня", language="be", story=post.story)
    planning.plan(belarusian)
    drafting.follow_template(drafting.locked(post.pk), post.article)
    planning.plan(belarusian)
    assert Post.objects.get().language == "en"


def test_a_post_is_begun_once_as_a_draft(make_article, db):
    article = make_article()
    channel = channels.connect("fake", name="Fake", network="fake", credentials={}, languages=["ru"])
    first = adding.begin(channel, article)
    assert adding.begin(channel, article) == first
    assert (first.state, first.edited) == ("draft", True)


def test_what_was_dropped_is_begun_again_unless_it_may_be_out(post, channel):
    Post.objects.update(state="dropped")
    assert adding.begin(channel, post.article).state == "draft"
    Attempt.objects.create(post=post, number=1, key="k", started_at=timezone.now(), outcome="unknown")
    Post.objects.update(state="dropped")
    assert adding.begin(channel, post.article).state == "dropped"


def test_what_somebody_plans_in_another_language_stays_in_it(make_article, db):
    channel = channels.connect("fake", name="Fake", network="fake", credentials={}, languages=["en", "be"])
    english = make_article()
    belarusian = make_article("Чытальня", language="be", story=english.story)
    made = adding.add(Wish(channel, belarusian, timezone.now() + timedelta(days=1)), None)
    planning.plan(english)
    assert (Post.objects.get().pk, Post.objects.get().language) == (made.pk, "be")
    assert adding.draft(Wish(channel, english), None) == Stands(made)


class Editors(RuleBasedStateMachine):
    """Two editors, a revision and a worker at one post, in any order."""

    def __init__(self):
        super().__init__()
        self.world = transaction.atomic()
        self.world.__enter__()
        source = Source.objects.create(slug="site", kind="native", name="Site")
        story = Story.objects.create(key="site:1")
        values = {"external_id": "1", "published_at": timezone.now(), "url": "https://office.example.org/1"}
        article = Article.objects.create(story=story, source=source, language="en", **values)
        said = {"title": "T", "html": "", "text": "", "hash": b"h" * 32, "updated_at": timezone.now()}
        article.current = Revision.objects.create(article=article, number=1, **said)
        article.save()
        channels.connect("fake", name="Fake", network="fake", credentials={})
        planning.plan(article)
        self.article, self.post = article, Post.objects.get()
        self.seen = {"Alice": (1, self.post.text), "Bob": (1, self.post.text)}
        self.stands, self.is_out = self.post.text, False

    @rule(who=st.sampled_from(["Alice", "Bob"]), text=WORDS)
    def save(self, who, text):
        version, shown = self.seen[who]
        match drafting.write(self.post.pk, version, typed(self.post, text), None):
            case Saved(post=post):
                assert not self.is_out
                assert self.stands in {shown, text}, "a text was overwritten that its writer had not seen"
                self.stands = text
                self.seen[who] = (post.version, text)
            case Stale(post=post):
                assert (post.text, version != post.version) == (self.stands, True)
            case Closed():
                assert self.is_out

    @rule(who=st.sampled_from(["Alice", "Bob"]))
    def look(self, who):
        post = Post.objects.get(pk=self.post.pk)
        self.seen[who] = (post.version, post.text)

    @rule(title=st.text(alphabet="TUV", min_size=1, max_size=3))
    def revise(self, title):
        edited = Post.objects.get(pk=self.post.pk).edited
        self.article.current.title = title
        self.article.current.save()
        planning.plan(Article.objects.get(pk=self.article.pk))
        if not edited and not self.is_out:
            self.stands = f"{title}\n\nhttps://office.example.org/1"

    @rule()
    def claim(self):
        Post.objects.update(state="claimed")
        self.is_out = True

    @invariant()
    def it_says_what_was_saved_last(self):
        assert Post.objects.get(pk=self.post.pk).text == self.stands

    def teardown(self):
        transaction.set_rollback(True)
        self.world.__exit__(None, None, None)


@pytest.mark.django_db
def test_two_editors_never_overwrite_each_other_in_any_order():
    patient = settings(max_examples=25, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Editors, settings=patient)
