"""The composer without a script: nothing typed is lost, and nobody is overwritten in silence."""

import io
from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone
from PIL import Image

from dispatch.accounts import presence
from dispatch.accounts.models import AuditEntry, Desk, User
from dispatch.social import media, networks
from dispatch.social.models import Attempt, Change, Channel, Post, PostMedia

pytestmark = pytest.mark.django_db
LONG = "A sentence about the bridge, the road and the river. " * 30


@pytest.fixture
def post():
    on = newsroom.channel("quiet", "fake", account="@office")
    return newsroom.post(
        on=on, about=newsroom.story("en", "be"), state="scheduled", due_at=timezone.now() + timedelta(1)
    )


@pytest.fixture
def editor(client):
    return newsroom.signed_in(client, "editor")


def typed(post, **said):
    return {"version": post.version, "text": post.text, "link": post.link, "language": post.language} | said


@pytest.fixture
def press(editor, post):
    """press("split", text=…) as an editor; what the composer says then."""

    def pressed(do="save", on=None, **said):
        one = on or post
        answer = editor.post(f"/posts/{one.pk}/write", typed(one, **said) | {"do": do}, follow=True)
        post.refresh_from_db()
        return answer.content.decode()

    return pressed


def picture(width=80, height=40):
    out = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(out, "PNG")
    out.name = "river.png"
    out.seek(0)
    return out


def parts(post):
    return list(Post.objects.filter(channel=post.channel).order_by("place"))


def test_the_page_shows_each_channel_of_the_story(editor, post):
    newsroom.channel("x", "x", languages=["ru"])
    shown = editor.get(f"/stories/{post.story_id}/compose").content.decode()
    assert post.text.split(" https")[0] in shown
    assert "500 characters" in shown
    assert "Add a post here" in shown
    assert "it posts in ru only" in shown


def test_the_story_leads_to_it(editor, post):
    shown = editor.get(f"/stories/{post.story_id}").content.decode()
    assert f'href="/stories/{post.story_id}/compose"' in shown
    assert f'href="/stories/{post.story_id}/compose?post={post.pk}"' in shown


def test_what_was_typed_is_saved_and_kept_from_the_template(press, post):
    assert "Saved." in press(text="Come\r\nand see it.", content_warning="water")
    assert (post.text, post.content_warning) == ("Come\nand see it.", "water")
    assert post.edited
    assert post.version == 2
    assert AuditEntry.objects.get(act="post.write").target == f"post:{post.pk}"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"link": "javascript:alert(1)"}, "The link has to begin"),
        ({"text": "x" * 20_001}, "more than 20,000 characters"),
    ],
)
def test_what_cannot_be_kept_is_said_and_changes_nothing(press, post, said, words):
    assert words in press(**said)
    assert post.version == 1


def test_who_saves_second_is_shown_both_texts_and_may_keep_theirs(press, post):
    old = post.version
    press(text="Bob's text")
    shown = press(text="Alice's text", version=old)
    assert post.text == "Bob's text"
    assert "Bob&#39;s text" in shown
    assert "Alice&#39;s text" in shown
    assert f'name="version" value="{post.version}"' in shown
    assert "Saved." in press(text="Alice's text")
    assert post.text == "Alice's text"


def test_a_script_is_answered_in_json(editor, post):
    def send(**said):
        return editor.post(f"/posts/{post.pk}/write", typed(post, **said), headers={"Accept": "application/json"})

    assert send(text="New").json()["version"] == 2
    late = send(text="Newer")
    assert late.status_code == 409
    assert (late.json()["text"], late.json()["version"]) == ("New", 2)
    assert send(text="Newer", link="nonsense://x").status_code == 400
    Post.objects.update(state="claimed")
    closed = send(text="Newer", version=2)
    assert closed.status_code == 423
    assert "being posted" in closed.json()["problem"]


def test_what_is_typed_is_counted_and_drawn_and_not_kept(editor, post):
    shown = editor.post(f"/posts/{post.pk}/look", typed(post, text="<b>Bold</b> " + "y" * 600)).content.decode()
    assert "612</b> / 500 characters, 112 too many" in shown
    assert "&lt;b&gt;" in shown
    assert "<mark" in shown
    post.refresh_from_db()
    assert "Bold" not in post.text


def test_a_long_text_becomes_a_thread_and_one_post_again(press, post):
    assert "It is a thread now." in press("split", text=LONG, numbered="on")
    assert len(parts(post)) == 4
    assert post.text.endswith("(1/4)")
    assert [part.follows for part in parts(post)] == [None, *parts(post)[:-1]]
    assert "It is one post again." in press("join")
    assert parts(post) == [post]
    assert post.text.split() == LONG.split()


def test_parts_are_added_and_taken_out(press, post):
    assert "A part was added." in press("part", text="One")
    second = parts(post)[1]
    assert "A first comment was added." in press("comment")
    assert "Part 2" in press(on=second, text="Two")
    assert "taken out" in press("remove", on=Post.objects.get(pk=second.pk))
    assert [(part.place, part.follows) for part in parts(post)] == [(0, None), (2, post)]


def test_a_picture_is_uploaded_described_and_taken_out(press, post):
    assert "1 picture added." in press("upload", files=picture())
    shown = PostMedia.objects.get()
    assert "picture 1 is not described" in press("save").lower()
    fields = {"picture": shown.pk, f"alt-{shown.pk}": "The river", f"x-{shown.pk}": "0.2", f"y-{shown.pk}": "9"}
    press(**fields)
    shown.refresh_from_db()
    assert (shown.alt, shown.focus_x, shown.focus_y) == ("The river", 0.2, 1.0)
    press(f"unpicture:{shown.pk}")
    assert not PostMedia.objects.exists()


def test_a_file_that_is_no_picture_is_named_and_what_was_typed_is_saved(press, post):
    broken = io.BytesIO(b"no picture")
    broken.name = "notes.txt"
    assert "notes.txt: " in press("upload", text="Typed", files=broken)
    assert post.text == "Typed"


def test_the_template_comes_back_when_it_is_asked_for(press, post):
    press(text="By hand")
    belarusian = post.story.articles.get(language="be")
    assert "follows the article again" in press(f"template:{belarusian.pk}")
    assert post.text.startswith(newsroom.TITLES["be"])
    assert post.language == "be"


def test_a_channel_without_a_post_gets_one(editor, post):
    telegram = newsroom.channel("telegram", "telegram")
    russian = newsroom.channel("ru", "fake", languages=["ru"])
    for channel in (telegram, russian):
        article = post.story.articles.get(language="be")
        answer = editor.post(f"/stories/{post.story_id}/compose/channels/{channel.pk}", {"article": article.pk})
        made = Post.objects.get(channel=channel)
        assert answer.url == f"/stories/{post.story_id}/compose?post={made.pk}#post-{made.pk}"
        assert (made.state, made.language, made.edited) == ("draft", "be", True)


def test_a_page_that_is_open_hears_who_else_has_it_open_and_what_changed(editor, post):
    presence.here(f"story:{post.story_id}", newsroom.person(name="Bob"))
    said = editor.post(f"/stories/{post.story_id}/compose/here").json()
    assert said["others"] == ["Bob"]
    assert said["posts"] == {str(post.pk): {"channel": post.channel_id, "version": 1, "closed": ""}}
    Post.objects.update(state="sent")
    said = editor.post(f"/stories/{post.story_id}/compose/here").json()
    assert said["posts"][str(post.pk)]["closed"] == "It is out."
    assert editor.post(f"/stories/{post.story_id}/compose/leave").status_code == 204


def test_what_is_out_is_read_only_and_edited_and_taken_back_there(editor, post):
    Attempt.objects.create(post=post, number=1, key="k", started_at=timezone.now(), outcome="sent")
    Post.objects.update(state="sent", remote_id="1", sent_at=timezone.now())
    shown = editor.get(f"/stories/{post.story_id}/compose").content.decode()
    assert "It cannot be written here." in shown
    assert "Edit it there" in shown
    editor.post(f"/posts/{post.pk}/change", {"text": "Better", "reason": "a wrong name"})
    assert Change.objects.get(act="edit").text == "Better"
    shown = editor.post(f"/posts/{post.pk}/take-back", {"reason": "not ours"}, follow=True).content.decode()
    assert "It is being deleted there." in shown
    assert "Deletion: waits" in shown


def test_the_embargo_is_said_and_writing_goes_on(press, editor, post):
    post.story.embargo_until = timezone.now() + timedelta(hours=3)
    post.story.save()
    assert "nothing of it is posted before then" in editor.get(f"/stories/{post.story_id}/compose").content.decode()
    assert "Saved." in press(text="Prepared")


def test_the_same_words_within_a_week_are_pointed_out(editor, post):
    earlier = newsroom.post(on=post.channel, about=newsroom.story("en"), text=post.text.upper())
    shown = editor.get(f"/stories/{post.story_id}/compose").content.decode()
    assert "said nearly the same" in shown
    Post.objects.filter(pk=earlier.pk).update(sent_at=timezone.now() - timedelta(days=8))
    assert "said nearly the same" not in editor.get(f"/stories/{post.story_id}/compose").content.decode()


def test_pictures_are_for_people_who_are_signed_in(client, post):
    kept = media.take(picture().read())
    assert client.get(f"/pictures/{kept.pk}").status_code == 302
    newsroom.signed_in(client, "editor")
    answer = client.get(f"/pictures/{kept.pk}")
    assert answer["Content-Type"] == "image/png"
    assert client.get(f"/articles/{post.article_id}/picture").status_code == 404


def test_there_is_nothing_else_to_press(editor, post):
    assert editor.post(f"/posts/{post.pk}/write", typed(post) | {"do": "shout"}).status_code == 404
    assert editor.post(f"/posts/{post.pk}/write", typed(post) | {"do": "unpicture:x"}).status_code == 404
    assert editor.get(f"/posts/{post.pk}/write").status_code == 405
    assert editor.post("/posts/999999/look").status_code == 404


def test_time_is_set_beside_the_text_and_leads_back(editor, post):
    answer = editor.post(f"/posts/{post.pk}/do/now", {"origin": "composer"})
    assert answer.url == f"/stories/{post.story_id}/compose?post={post.pk}#post-{post.pk}"


@pytest.mark.parametrize("network", ["facebook", "instagram", "threads", "linkedin", "apprise"])
def test_networks_to_come_have_their_previews(editor, post, network, monkeypatch):
    monkeypatch.setitem(networks.registry, network, networks.registry["fake"])
    networks._loaded.cache_clear()
    Channel.objects.update(network=network)
    shown = editor.get(f"/stories/{post.story_id}/compose").content.decode()
    networks._loaded.cache_clear()
    assert f'class="drawn {"plain" if network == "apprise" else network}"' in shown


def test_another_desks_channel_is_seen_and_not_written(editor, post):
    culture, sports = (Desk.objects.create(slug=slug, name=slug.title()) for slug in ("culture", "sports"))
    User.objects.get().desks.add(sports)
    post.channel.desk = culture
    post.channel.save()
    shown = editor.get(f"/stories/{post.story_id}/compose").content.decode()
    assert "It belongs to another desk." in shown
    assert 'value="save"' not in shown
    assert editor.post(f"/posts/{post.pk}/write", typed(post, text="Mine")).status_code == 403
