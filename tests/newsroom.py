"""A newsroom in the middle of its day, for tests of pages: people, readers, stories, an edition on its way, posts."""

import secrets
from datetime import timedelta

from django.utils import timezone

from dispatch import vault
from dispatch.accounts import views
from dispatch.accounts.models import User
from dispatch.articles.models import Article, Revision, Source, Story
from dispatch.audience.models import Newsletter, Subscriber, Subscription
from dispatch.delivery import ledger, relays
from dispatch.editions import planning, rendering
from dispatch.editions.models import Edition
from dispatch.social import channels
from dispatch.social.models import Post

TITLES = {
    "en": "A reading room opens beside the river",
    "be": "Каля ракі адчыняецца чытальня",
    "ru": "У реки открывается читальный зал",
}
BODY = {
    "en": "Two hundred people came on the first evening. The shelves were built by volunteers.",
    "be": "У першы вечар прыйшлі дзвесце чалавек. Паліцы зрабілі валанцёры.",
    "ru": "В первый вечер пришли двести человек. Полки сделали волонтёры.",
}


def person(role="operator", name="Alice"):
    return User.objects.create_user(f"{name.lower()}@example.org", name=name, role=role)


def signed_in(client, role="operator"):
    """A client whose person has this role."""
    client.force_login(person(role), views.BACKEND)
    return client


def newsletter(slug="office", **fields):
    values = {
        "names": {"en": "Office news", "be": "Навіны Офіса", "ru": "Новости Офиса"},
        "languages": ["en", "be", "ru"],
        "from_name": "The Office",
        "from_address": "news@example.org",
    }
    return Newsletter.objects.create(slug=slug, **(values | fields))


def readers(of, **by_language):
    """readers(office, en=3, be=2)"""
    for language, count in by_language.items():
        for _ in range(count):
            address = f"{secrets.token_hex(4)}@example.org"
            reader = Subscriber.objects.create(address=b"", address_index=vault.blind_index(address))
            reader.address = vault.seal(address, f"subscriber:{reader.pk}:address")
            reader.save()
            handle, now = secrets.token_bytes(8), timezone.now()
            Subscription.objects.create(
                subscriber=reader, newsletter=of, language=language, handle=handle, consented_at=now
            )


def story(*languages, key="", titles=TITLES, **fields):
    """A published story in these languages."""
    source, _ = Source.objects.get_or_create(slug="site", defaults={"kind": "native", "name": "The site"})
    one = Story.objects.create(key=key or f"site:{Story.objects.count() + 1}")
    for language in languages:
        values = {"planned_at": timezone.now(), "published_at": timezone.now()} | fields
        article = Article.objects.create(
            story=one,
            source=source,
            language=language,
            external_id=f"{one.pk}",
            url=f"https://office.example.org/{language}/{one.pk}",
            **values,
        )
        article.current = Revision.objects.create(
            article=article,
            number=1,
            updated_at=timezone.now(),
            title=titles[language],
            html=f"<p>{BODY[language]}</p>",
            text=BODY[language],
            topics=["culture"],
            hash=b"h" * 32,
        )
        article.save()
    return one


def edition(of, *stories):
    """Planned and rendered as in life."""
    for one in stories:
        for article in one.articles.all():
            planning.plan(article)
    made = Edition.objects.filter(newsletter=of).latest("pk")
    rendering.render(made.pk)
    made.refresh_from_db()
    return made


def relay():
    return relays.save("main", "fake://")


def send(of, *stories):
    """An edition with its audience frozen."""
    return ledger.enlist(edition(of, *stories).pk)


def channel(slug="masto", network="mastodon", **rules):
    name = {"masto": "Mastodon", "x": "X", "bluesky": "Bluesky", "telegram": "Telegram"}.get(slug, slug)
    return channels.connect(slug, name=name, network=network, credentials={"access_token": "t"}, **rules)


def post(on, about, state=Post.State.SENT, **fields):
    """A post of a story's first version."""
    article = about.articles.order_by("pk")[0]
    now = timezone.now()
    values = {
        "text": f"{article.current.title} {article.url}",
        "link": article.url,
        "language": article.language,
        "due_at": now - timedelta(minutes=3),
        "sent_at": now if state == Post.State.SENT else None,
    }
    return Post.objects.create(channel=on, story=about, article=article, state=state, **(values | fields))
