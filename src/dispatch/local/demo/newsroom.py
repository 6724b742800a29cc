"""The demo's newsroom: newsletters, sources, a relay, channels, an editor, made through the same code as real ones."""

import base64
import secrets
import tempfile
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path

from dispatch.local import up
from dispatch.local.demo import readers

GHOST_SECRET = "s3cr3t-webhook"  # noqa: S105 - of the demo; captures that people bring are signed with it again
NATIVE_SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
EDITOR = "editor@example.org"
LANGUAGES = ["en", "be", "ru"]


@dataclass(frozen=True)
class Newsletter:
    """One of the three."""

    slug: str
    cadence: str
    names: dict[str, str]


NEWSLETTERS = (
    Newsletter("news", "each", {"en": "News", "be": "Навіны", "ru": "Новости"}),
    Newsletter("today", "daily", {"en": "Today", "be": "Сёння", "ru": "Сегодня"}),
    Newsletter("week", "weekly", {"en": "The week", "be": "Тыдзень", "ru": "Неделя"}),
)
CHANNELS = {
    "x": ("Office on X", "office", ["en"]),
    "mastodon": ("Office on Mastodon", "@office@social.example.org", ["be", "en"]),
    "bluesky": ("Office on Bluesky", "office.example.org", ["en"]),
    "telegram": ("Office on Telegram", "@office", ["ru", "en"]),
    "facebook": ("Office on Facebook", "Office", ["be", "ru", "en"]),
    "instagram": ("Office on Instagram", "office", ["en"]),
    "threads": ("Office on Threads", "office", ["en"]),
    "linkedin": ("Office on LinkedIn", "Office", ["en"]),
    "apprise": ("The desk’s room", "#office", ["en"]),
}
STANDING_PICTURE = Path(__file__).parents[1] / "samples" / "masthead.jpg"
STANDING_ALT = "The word Office on a dark ground."


def open_up(mail_port: int, networks_port: int) -> None:
    """Make all but the readers."""
    from dispatch.delivery import relays

    _make_newsletters()
    _make_sources()
    relays.save("inbox", f"smtp://127.0.0.1:{mail_port}?security=none")
    _connect_channels(f"http://127.0.0.1:{networks_port}")


def take_in(people: list[readers.Reader]) -> int:
    """Import them from a file, as an editor would; how many subscriptions came of it."""
    from dispatch.audience import importing

    with tempfile.TemporaryDirectory(prefix="dispatch-readers-") as folder:
        file = Path(folder) / "readers.csv"
        readers.write(file, people, [one.slug for one in NEWSLETTERS])
        report = importing.run(file, importing.Defaults(source="demo"), apply=True)
    assert not report.faults, report.faults[:3]
    return report.added


def sign_in_link() -> str:
    """An address that signs the demo's editor in, good once and for twelve hours."""
    from django.conf import settings

    from dispatch.accounts import signing_in
    from dispatch.accounts.models import User

    user = User.objects.filter(email=EDITOR).first() or User.objects.create_user(
        EDITOR, name="Dana", role="administrator"
    )
    return f"{settings.PUBLIC_URL}{signing_in.link(user, timedelta(hours=12))}"


def _make_newsletters() -> None:
    from dispatch.audience.models import Newsletter as Row

    for one in NEWSLETTERS:
        row = Row(
            slug=one.slug,
            names=one.names,
            languages=LANGUAGES,
            cadence=one.cadence,
            at=time(8),
            from_name="The newsroom",
            from_address=f"{one.slug}@news.example.org",
        )
        row.full_clean()
        row.save()


def _make_sources() -> None:
    from dispatch.articles import signatures
    from dispatch.articles.models import Source

    for kind, secret in (("native", NATIVE_SECRET), ("ghost", GHOST_SECRET)):
        Source.objects.create(
            slug=kind,
            kind=kind,
            name={"native": "The newsroom's CMS", "ghost": "The magazine"}[kind],
            language="en",
            secrets=signatures.seal_secrets(kind, [secret]),
        )


def _connect_channels(server: str) -> None:
    from dispatch.local.networks import granting, speakers
    from dispatch.social import channels, networks, programs, standing_in

    for network in speakers.SPEAKERS:
        programs.keep(network, programs.Program(f"{server}/{network}", "id-of-dispatch", "secret-of-dispatch"))
    programs.keep("linkedin person", programs.Program(f"{server}/linkedin", granting.SELF_SERVE, "secret-of-dispatch"))
    for network, (name, account, languages) in CHANNELS.items():
        channel = channels.connect(
            network,
            name=name,
            network=network,
            server=f"{server}/{network}",
            account=account,
            languages=languages,
            credentials=speakers.SPEAKERS[network].credentials,
        )
        if networks.get(network).limits(channels.account(channel)).pictures_needed:
            standing_in.keep(channel, STANDING_PICTURE.read_bytes(), STANDING_ALT)
        health = channels.probe(channel)
        if not health.ok:
            raise up.CannotStart(f"the stand-in of {name} is not well: {health.words}")
