"""Stand-in networks, a channel on each, and an article to post."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pictures
import pytest
from django.utils import timezone

from dispatch.articles.models import Article, Revision, Source, Story
from dispatch.local.networks import speakers
from dispatch.local.networks.server import Server
from dispatch.social import channels, networks, standing_in


class Shown(BaseHTTPRequestHandler):
    """A picture at any address of ours: what Meta fetches, without Dispatch's database."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(pictures.JPEG)))
        self.end_headers()
        self.wfile.write(pictures.JPEG)

    def log_message(self, *about):
        pass


@pytest.fixture
def fake():
    """The network that goes nowhere, and remembers neither what it took nor what it was told to answer."""
    network = networks.get("fake")
    network.out, network.answer = {}, None
    yield network
    network.out, network.answer = {}, None


@pytest.fixture
def shown(settings):
    """Our public address, as networks that fetch pictures see it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shown)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    settings.PUBLIC_URL = f"http://127.0.0.1:{server.server_port}"
    yield settings.PUBLIC_URL
    server.shutdown()
    server.server_close()


@pytest.fixture
def standins(tmp_path):
    """The networks on a port of their own."""
    server = Server(0, tmp_path / "posts.sqlite", speakers.SPEAKERS)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    server.store.connection.close()


@pytest.fixture
def connect(db, standins, shown):
    """connect("x") makes a channel on a stand-in; one that publishes nothing without a picture has one that stands in."""

    def make(network, **rules):
        server = f"http://127.0.0.1:{standins.server_port}/{network}"
        channel = channels.connect(
            network,
            name=network,
            network=network,
            credentials=speakers.SPEAKERS[network].credentials,
            server=server,
            account=speakers.SPEAKERS[network].account,
            **rules,
        )
        if networks.get(network).limits(channels.account(channel)).pictures_needed:
            standing_in.keep(channel, pictures.JPEG, "Alice reads by the window")
        return channel

    return make


@pytest.fixture
def make_article(db):
    """A published article with a current revision."""

    def make(title="A reading room opens in Vilnius", *, language="en", summary="", story=None, **fields):
        source, _ = Source.objects.get_or_create(slug="site", defaults={"kind": "native", "name": "Site"})
        story = story or Story.objects.create(key=f"site:{Story.objects.count() + 1}")
        article = Article.objects.create(
            story=story,
            source=source,
            language=language,
            external_id=f"{story.pk}/{language}",
            url=f"https://office.example.org/{language}/{story.pk}",
            published_at=timezone.now(),
            **fields,
        )
        article.current = Revision.objects.create(
            article=article,
            number=1,
            updated_at=timezone.now(),
            title=title,
            summary=summary,
            html="<p>x</p>",
            text="x",
            hash=b"h" * 32,
        )
        article.save()
        return article

    return make
