"""A newsroom's CMS beside a Dispatch that is connected to it as docs/cms.md says, and takes in what arrives."""

import re
import time
from dataclasses import dataclass
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import serving
from counterparts.cms import ghost_site, wordpress_site

from dispatch import cli
from dispatch.articles import arrivals, polling
from dispatch.articles.models import Article, Hint, Revision, Source, WebhookDelivery

PATIENCE = 300


@pytest.fixture(scope="session")
def hooks(django_db_setup, tmp_path_factory):
    """Where Dispatch listens, in a process of its own."""
    with serving.web(tmp_path_factory.mktemp("web")) as base:
        yield base


@pytest.fixture(scope="session")
def ghost(tmp_path_factory):
    if not (ghost_site.INSTALLED / "installed").exists():
        pytest.skip(ghost_site.ABSENT)
    with ghost_site.running(tmp_path_factory.mktemp("ghost")) as site:
        yield site


@pytest.fixture(scope="session")
def wordpress(tmp_path_factory):
    if not (wordpress_site.UNPACKED / "unpacked").exists():
        pytest.skip(wordpress_site.ABSENT)
    with wordpress_site.running(tmp_path_factory.mktemp("wordpress")) as site:
        yield site


@dataclass
class Connected:
    """A source, and what it has told."""

    source: Source
    address: str
    secret: str

    def poll(self):
        return polling.poll(Source.objects.get(pk=self.source.pk))

    def articles(self):
        return Article.objects.filter(source=self.source).select_related("current", "story").order_by("pk")

    def told(self):
        """What each webhook did, in the order of arrival."""
        return list(WebhookDelivery.objects.filter(source=self.source).order_by("id").values_list("event", "did"))

    def kept(self):
        """All text that stands in the database of it."""
        rows = [*Revision.objects.values(), *WebhookDelivery.objects.values(), *self.articles().values()]
        return " ".join(str(value) for row in rows for value in row.values())

    def until(self, condition):
        """Work as workers do, until it is so."""
        deadline = time.monotonic() + PATIENCE
        while not (answer := condition()):
            assert time.monotonic() < deadline, f"{self.told()} {list(self.articles().values())} {self.trouble()}"
            list(arrivals.take_in(self.source.pk))
            for hint in Hint.objects.filter(source=self.source):
                polling.fetch_one(self.source, hint.external_id)
            time.sleep(0.1)
        return answer

    def trouble(self):
        return Source.objects.values_list("poll_trouble", flat=True).get(pk=self.source.pk)

    def states(self):
        return {one.current.title: one.state for one in self.articles()}

    def wait_a_second(self):
        """Sites date by whole seconds: within one, no webhook can say whether a return is later than what took it away."""
        time.sleep(1.1)

    def settle(self, count):
        """So many webhooks have come and are taken in."""
        finished = {"received", "failed"}
        self.until(lambda: len(self.told()) >= count and not finished & {did for _, did in self.told()})


@pytest.fixture
def add(transactional_db, hooks, settings, capsys):
    """`dispatch source add KIND …`, as a person types it; what it prints is read off."""

    def add(kind, site, slug, *options):
        time.sleep(1.1)  # what other tests published is of an earlier second than this source's beginning
        settings.FETCH_ALLOW = [urlsplit(site).netloc]
        assert run("source", "add", kind, "--slug", slug, "--language", "en", "--base-url", site, *options).code == 0
        said = run.said
        path = urlsplit(re.search(r"Webhook: (\S+)", said)[1]).path
        secret = re.search(r"Secret \(shown this once\): (\S+)", said)[1]
        return Connected(Source.objects.get(slug=slug), hooks + path, secret)

    def run(*words):
        code = cli.main(list(words))
        run.said = capsys.readouterr().out
        return SimpleNamespace(code=code, said=run.said)

    add.run = run
    return add
