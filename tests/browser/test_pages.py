"""Every page, looked at: light, dark, on a phone; no request leaves the host, axe finds nothing grave."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts import stopping
from dispatch.articles.models import Source
from dispatch.audience import letters
from dispatch.audience.models import Export, Honey, Letter, Newsletter
from dispatch.delivery import sending
from dispatch.delivery.models import Chunk, Send, WorkerBeat
from dispatch.editions.models import Edition
from dispatch.operations.models import Flow, Sweep
from dispatch.outcomes import Deferred, Refused, Sent, Unknown
from dispatch.social.models import Post

pytestmark = pytest.mark.browser


@pytest.fixture
def busy(visitor, settings, monkeypatch):
    """A day on which something of everything happens."""
    from dispatch.delivery import relays
    from dispatch.delivery.mailers.fake import Fake

    settings.DELIVERY = {**settings.DELIVERY, "chunk": 10, "window": 5}
    office = newsroom.newsletter()
    newsroom.readers(office, en=24, be=18, ru=11)
    newsroom.relay()
    answers = [Sent()] * 14 + [
        Deferred(until=None, reason="greylisted", code="450 4.2.1"),
        Sent(),
        Refused(reason="no such user", code="550 5.1.1"),
        Sent(),
        Unknown(reason="no reply"),
    ]
    count = iter(range(10_000))
    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(lambda message: answers[next(count) % len(answers)]))
    room = newsroom.story("en", "be", "ru")
    send = newsroom.send(office, room)
    for number in Chunk.objects.filter(send=send).values_list("number", flat=True)[:4]:
        sending.send_chunk(send.pk, number)
    masto, x = newsroom.channel(), newsroom.channel("x", "x", languages=["en"])
    bluesky, _ = (
        newsroom.channel("bluesky", "bluesky"),
        newsroom.channel("telegram", "telegram", languages=["uk"]),
    )
    newsroom.post(masto, room, remote_url="https://social.example.org/@office/1")
    newsroom.post(x, room, Post.State.REFUSED, trouble="This account may not post links. 403", attempts_made=1)
    unknown = newsroom.post(bluesky, room, Post.State.UNKNOWN, trouble="no answer after 20 seconds", attempts_made=1)
    unknown.attempts.create(
        number=1,
        key="k",
        started_at=timezone.now(),
        outcome="unknown",
        evidence={"reason": "read timed out", "looks": 3, "saw": "not there"},
    )
    titles = {"en": "What the new rules mean for those who moved last year", "be": "Што азначаюць новыя правілы"}
    other = newsroom.story("en", "be", titles=titles)
    newsroom.post(
        masto, other, Post.State.DEFERRED, trouble="rate limit", due_at=timezone.now() + timedelta(minutes=12)
    )
    newsroom.story("ru", titles={"ru": "Письмо редакции: как мы считаем читателей"}, planned_at=None)
    Edition.objects.create(
        newsletter=office,
        slot="2026-11-22",
        state="failed",
        trouble="The picture of “A reading room” comes from a host that is not allowed.",
        due_at=timezone.now() - timedelta(hours=2),
    )
    weekly = newsroom.newsletter("weekly", names={"en": "The week"}, cadence="weekly")
    gathering = Edition.objects.create(
        newsletter=weekly, slot="2026-11-29", state="gathering", due_at=timezone.now() + timedelta(hours=3)
    )
    gathering.stories.create(newsletter=weekly, story=room)
    now = timezone.now()
    for name, queues, doing in (
        ("mill:101", "clock", "leading"),
        ("mill:102", "articles,editions", ""),
        ("mill:103", "email", "stopping"),
    ):
        WorkerBeat.objects.create(
            name=name, queues=queues, doing=doing, started_at=now - timedelta(hours=3), beat_at=now
        )
    Source.objects.filter(slug="site").update(
        poll_url="https://office.example.org/feed", polled_at=now, poll_trouble="It answered 503."
    )
    for number, (kind, state, attempts, code) in enumerate(
        (
            ("confirm", "waiting", 2, "450 4.2.0"),
            ("preferences", "waiting", 0, ""),
            ("confirm", "refused", 1, "550 5.1.1"),
        )
    ):
        letter = letters.write(kind, office, "be", f"reader{number}@example.org")
        Letter.objects.filter(pk=letter.pk).update(state=state, attempts=attempts, code=code)
    return {"send": send, "story": room, "gathering": gathering}


def test_relays(visitor, alice, busy, page):
    from dispatch.delivery import berths, relays, self_testing, warming

    main = relays.save("main", "smtp://127.0.0.1:9?security=none")
    for _ in range(relays.OPENS_AFTER):
        relays.failed(main, "no connection to the relay: it does not let us in 421: “4.3.2 Service shutting down”")
    self_testing.run(main, alice.email)
    fresh = relays.save("new", "smtp://mail.example.org")
    warming.plan(fresh, list(warming.USUAL))
    warming.draw(fresh, 160)
    berths.set_limits(fresh, 20, {"gmail": 5})
    berths.take(fresh, 1, 3)
    relays.weigh(relays.save("spare", "smtp://mail.example.org"), 0)
    relays.pause(relays.save("old", "smtp://mail.example.org"))
    page.goto("/operations/relays/")
    page.get_by_text("Change its pace").first.click()
    page.get_by_text("Change its connections").nth(1).click()
    visitor.look("relays")


def test_home(visitor, alice, busy):
    visitor.look("home", "/")


def test_stories(visitor, alice, busy):
    visitor.look("stories", "/stories/")


def test_a_story(visitor, alice, busy):
    visitor.look("story", f"/stories/{busy['story'].pk}")


def test_an_edition_on_its_way(visitor, alice, busy):
    visitor.look("edition", f"/editions/{busy['send'].edition_id}")


@pytest.mark.parametrize("show", ["phone", "dark", "text"])
def test_an_edition_shown_in_another_way(visitor, alice, busy, show):
    visitor.look(f"edition-shown-{show}", f"/editions/{busy['send'].edition_id}?language=be&show={show}")


def test_a_digest_that_still_gathers(visitor, alice, busy):
    visitor.look("edition-gathering", f"/editions/{busy['gathering'].pk}")


def test_who_is_missing(visitor, alice, busy):
    visitor.look("missing", f"/sends/{busy['send'].pk}/missing")


def test_who_was_missing_when_it_was_over(visitor, alice, busy):
    Send.objects.update(state="finished")
    visitor.look("missing-over", f"/sends/{busy['send'].pk}/missing")


def test_a_send_that_its_first_wave_held(visitor, alice, busy):
    why = "14 of the first 50 letters failed, most with 550 5.1.1."
    Send.objects.update(state="paused", first_wave=50, is_held=True, trouble=why)
    Chunk.objects.update(trouble="The letter in be was changed after it was frozen: nobody gets it.")
    Chunk.objects.filter(number=5).update(state="stuck")
    visitor.look("edition-held", f"/editions/{busy['send'].edition_id}")
    visitor.look("home-held", "/")


def test_did_it_go_out(visitor, alice, busy):
    visitor.look("unknown", "/posts/unknown")


def test_the_queue(visitor, alice, busy):
    stopping.stop("newsletter", busy["gathering"].newsletter_id, alice, "The wrong photo went in")
    asked = {
        "act": "retry",
        "wanted": {"kind": "reader"},
        "by": alice,
        "asked_at": timezone.now(),
        "expected": 1_000_000,
    }
    Sweep.objects.create(**asked, done=420_000, reason="Their server is back")
    visitor.look("queue", "/operations/queue/")


def test_exports(visitor, alice, busy):
    key, office = "age1" + "q" * 58, Newsletter.objects.get(slug="office")
    soon = timezone.now() + timedelta(hours=8)
    bob = newsroom.person("operator", "Bob")
    fields = {"newsletter": office, "recipient": key, "reason": "the auditors asked", "expires_at": soon}
    Export.objects.create(asked_by=bob, **fields)
    Export.objects.create(asked_by=alice, agreed_by=bob, agreed_at=timezone.now(), **fields)
    taken = Export.objects.create(asked_by=bob, taken_at=timezone.now(), readers=53, **fields)
    Honey.objects.create(file=f"export:{taken.pk}", address_index=b"i" * 32, seen_at=timezone.now(), seen_in="mail")
    visitor.look("exports", "/exports/")


def test_health(visitor, alice, busy):
    for outcome, count in (("sent", 10_000), ("complaint", 44)):
        Flow.objects.create(at=timezone.now(), kind="mail", part="main/1", outcome=outcome, count=count)
    visitor.look("health", "/operations/health/")


def test_an_empty_newsroom_says_what_to_do_first(visitor, alice, page):
    for name, path in {
        "home": "/",
        "stories": "/stories/",
        "queue": "/operations/queue/",
        "health": "/operations/health/",
    }.items():
        visitor.look(f"empty-{name}", path)


def test_what_is_not_there(visitor, alice):
    visitor.look("not-found", "/nowhere")


def test_signing_in(visitor):
    visitor.look("sign-in", "/account/login/")
