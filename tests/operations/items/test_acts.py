"""Acts upon items reach the last that matches, never another desk's, and every kind has those that make sense for it."""

from urllib.parse import parse_qsl, urlsplit

import newsroom
import pytest
from django.utils import timezone

from dispatch import cli, queue
from dispatch.accounts import views
from dispatch.accounts.models import AuditEntry, Desk, Stop
from dispatch.articles.models import Article, Source, WebhookDelivery
from dispatch.audience import letters as written
from dispatch.audience.models import Letter
from dispatch.delivery import relays
from dispatch.delivery.models import Chunk
from dispatch.editions.models import Edition
from dispatch.operations.items import many
from dispatch.social.models import Post

pytestmark = pytest.mark.django_db
QUEUE = "/operations/queue/"
ITEMS = f"{QUEUE}items/"
WHY = {"reason": "the network is back"}


@pytest.fixture(autouse=True)
def rung(monkeypatch):
    calls = []
    monkeypatch.setattr(queue, "enqueue", lambda *what: calls.append(what))
    return calls


@pytest.fixture
def alice(client):
    return newsroom.signed_in(client)


@pytest.fixture
def bob(client):
    """An operator of the sports desk."""
    one = newsroom.person("operator", "Bob")
    one.desks.add(Desk.objects.create(slug="sports", name="Sports"))
    client.force_login(one, views.BACKEND)
    return client


@pytest.fixture
def culture():
    """A newsletter of another desk."""
    return newsroom.newsletter(languages=["en"], desk=Desk.objects.create(slug="culture", name="Culture"))


@pytest.fixture
def parts(settings, monkeypatch):
    """Five chunks of one reader each, that wait; two are done upon with one press."""
    settings.DELIVERY = {**settings.DELIVERY, "chunk": 1}
    monkeypatch.setattr(many, "MOST", 2)
    relays.save("main", "fake://")
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=5)
    newsroom.send(office, newsroom.story("en"))
    return list(Chunk.objects.order_by("-pk").values_list("pk", flat=True))


def failed_webhook(slug="site"):
    source, _ = Source.objects.get_or_create(slug=slug, defaults={"kind": "native", "name": slug})
    values = {"body_hash": b"", "event": "published", "said": "{}", "due_at": timezone.now(), "did": "failed"}
    return WebhookDelivery.objects.create(source=source, delivery_id="msg_1", **values)


def press(client, **form):
    return client.post(f"{ITEMS}act", WHY | form, follow=True)


def tried():
    return AuditEntry.objects.filter(act="chunk.retry").count()


def test_each_press_goes_on_where_the_last_ended(alice, parts):
    asked = {"kind": "chunk"}
    for done, words in ((2, "Press again for the next."), (4, "Press again for the next."), (5, "1 item tried again")):
        answer = press(alice, act="retry", all="1", **asked)
        assert words in answer.content.decode()
        assert tried() == done
        asked = dict(parse_qsl(urlsplit(answer.redirect_chain[-1][0]).query))
    assert "before" not in asked
    assert len({entry.target for entry in AuditEntry.objects.filter(act="chunk.retry")}) == 5


def test_what_may_not_be_treated_so_stands_before_nobody(alice, parts, monkeypatch):
    Chunk.objects.filter(pk__in=parts[:4]).update(state="done")
    assert "1 item tried again now." in press(alice, kind="chunk", act="retry", all="1").content.decode()
    monkeypatch.setattr(many, "FURTHEST", 2)
    answer = press(alice, kind="chunk", act="retry", all="1")
    assert "none may be treated so. Press again for the next." in answer.content.decode()
    assert f"before={parts[1]}" in answer.redirect_chain[-1][0]


def test_the_terminal_goes_on_to_the_last(parts, capsys):
    newsroom.person()
    why = ["--by", "alice@example.org", "--reason", "the network is back"]
    assert cli.main(["queue", "retry", "chunk", "--all", *why]) == 0
    assert "5 items tried again now." in capsys.readouterr().out
    assert tried() == 5


def test_bob_touches_no_letter_webhook_or_article_of_another_desk(bob, culture):
    letter = written.write(Letter.Kind.CONFIRM, culture, "en", "charlie@example.org")
    webhook, article = failed_webhook(), newsroom.story("en", planned_at=None).articles.get()
    for path in ("letters/confirm/drop", "letters/confirm/retry", f"webhooks/{webhook.pk}/drop"):
        answer = bob.post(QUEUE + path, WHY)
        assert (answer.status_code, "another desk (Culture)" in answer.content.decode()) == (403, True), path
    for kind, one in (("letter", letter), ("webhook", webhook), ("article", article)):
        for act in ("retry", "drop"):
            for form in ({"item": [one.pk]}, {"all": "1"}):
                answer = press(bob, kind=kind, act=act, **form)
                assert answer.status_code == 403, (kind, act, form)
    assert set(Letter.objects.values_list("state", flat=True)) == {"waiting"}
    assert WebhookDelivery.objects.get().did == "failed"
    assert not AuditEntry.objects.filter(reason=WHY["reason"]).exists()


def test_bob_drops_the_letters_of_his_own_newsletter(bob, culture):
    own = newsroom.newsletter("match", desk=Desk.objects.get(slug="sports"))
    written.write(Letter.Kind.CONFIRM, culture, "en", "charlie@example.org")
    letter = written.write(Letter.Kind.CONFIRM, own, "en", "charlie@example.org")
    assert "1 item dropped." in press(bob, kind="letter", newsletter="match", act="drop", all="1").content.decode()
    assert list(Letter.objects.filter(state="dropped").values_list("pk", "address")) == [(letter.pk, None)]


def test_a_letter_has_its_page_and_is_tried_again_or_dropped(alice, culture, rung, capsys):
    letter = written.write(Letter.Kind.CONFIRM, culture, "en", "charlie@example.org")
    assert "Confirmation of a sign-up" in alice.get(ITEMS, {"kind": "letter"}).content.decode()
    assert "It is tried again now." in press(alice, kind="letter", act="retry", item=letter.pk).content.decode()
    assert ("email.send_letter", letter.pk) in rung
    assert "It is dropped." in press(alice, kind="letter", act="drop", item=letter.pk).content.decode()
    assert "nothing was changed" in press(alice, kind="letter", act="retry", item=letter.pk).content.decode()
    page = alice.get(f"{ITEMS}letter/{letter.pk}/").content.decode()
    assert "dropped" in page
    assert "the network is back" in page
    assert "charlie" not in page
    assert cli.main(["queue", "show", "letter", str(letter.pk)]) == 0
    assert "letter.drop" in capsys.readouterr().out


def edition(of, slot, state):
    return Edition.objects.create(newsletter=of, slot=slot, state=state, due_at=timezone.now())


def test_a_render_that_failed_is_given_up_and_a_late_one_left_out(alice, culture):
    failed, late = edition(culture, "2026-11-22", "failed"), edition(culture, "2026-11-23", "late")
    gathering, own = edition(culture, "2026-11-24", "gathering"), edition(culture, "own:2026-11-24", "failed")
    assert "2 items dropped." in press(alice, kind="edition", act="drop", all="1").content.decode()
    for one in (failed, late, gathering, own):
        one.refresh_from_db()
    assert [one.state for one in (failed, late, gathering, own)] == ["withdrawn", "withdrawn", "gathering", "failed"]
    assert AuditEntry.objects.get(act="edition.drop").target == f"edition:{failed.pk}"
    assert "nothing was changed" in press(alice, kind="edition", act="drop", item=[own.pk]).content.decode()


def test_a_render_is_held_by_a_stop_of_its_newsletter(alice, culture):
    due = edition(culture, "2026-11-22", "due")
    assert "Paused" in press(alice, kind="edition", act="pause", item=[due.pk]).content.decode()
    assert (Stop.objects.get().scope, Stop.objects.get().target) == ("newsletter", culture.pk)
    press(alice, kind="edition", act="pause", item=[due.pk])
    assert Stop.objects.count() == 1


def test_an_article_that_is_dropped_is_not_planned_until_it_is_revised(alice, rung):
    article = newsroom.story("en", planned_at=None).articles.get()
    assert "It is tried again now." in press(alice, kind="article", act="retry", item=[article.pk]).content.decode()
    assert rung == [("articles.plan_article", article.pk)]
    assert "It is dropped." in press(alice, kind="article", act="drop", item=[article.pk]).content.decode()
    assert Article.objects.get().planned_at
    assert {entry.act for entry in AuditEntry.objects.filter(target=f"article:{article.pk}")} == {
        "article.retry",
        "article.drop",
    }
    assert "nothing was changed" in press(alice, kind="article", act="retry", item=[article.pk]).content.decode()


@pytest.mark.parametrize("strange", ["1017", "4-", "-1017", "4-10-17", "²-1", "4-" + 30 * "9"])
def test_what_is_no_id_of_a_reader_is_answered_in_words(alice, strange):
    answer = press(alice, kind="reader", act="retry", item=[strange])
    assert answer.status_code == 200
    assert "is no id of a reader. A reader&#39;s is its send&#39;s number and its own" in answer.content.decode()


def test_a_relay_that_is_none_is_answered_in_words(alice, parts):
    answer = press(alice, kind="chunk", act="move", item=[parts[0]], to_relay="no such one")
    assert "Choose the relay" in answer.content.decode()
    assert alice.get(f"{ITEMS}post/{30 * '9'}/").status_code == 404
    assert not Post.objects.exists()
