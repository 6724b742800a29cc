"""What becomes of a post when its network fails: a thousand runs an adapter, over the real path with PostgreSQL and HTTP.

Each run publishes one post, a third of them with a picture and a fifth beneath another (as a part of a thread, or a comment),
meets one or two faults on the way, and lets time pass until
nothing more happens by itself. `make bench NAME=networks` prints one line a network and ends with a JSON line.
`--runs N`, `--only x,mastodon` for less.
"""

import argparse
import functools
import io
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import embedded
import sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.local.networks.server import Server
    from dispatch.social.models import Channel, Post

AT_THE_NETWORK = ("drop_before", "drop_after", "fail_before", "fail_after", "slow", "limit", "duplicate", "unprepared")
FAULTS = (*AT_THE_NETWORK, "refused_connection", "die_before", "die_after")
SLOW, TIMEOUT = 0.45, 0.3
MOST_STEPS = 8


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/networks.py", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="of each network")
    parser.add_argument("--only", default="", help="names of networks, with commas between")
    options = sizes.asked(parser, runs=2)
    total: Counter[str] = Counter()
    with embedded.database(), standing() as server:
        from dispatch import queue

        queue.enqueue = lambda *_: None
        for name in options.only.split(",") if options.only else server.speakers:
            began = time.monotonic()
            found = Counter(kind for number in range(options.runs) for kind in run(server, name, number))
            total += found
            print(f"{name:12} {told(found)}  {time.monotonic() - began:.0f} s", flush=True)
    print(json.dumps({kind: total[kind] for kind in KINDS}))
    return 1 if total["twice"] or total["lost_silently"] else 0


KINDS = ("runs", "once", "twice", "unknown_resolved", "unknown_shown", "lost_silently")


def told(found: Counter[str]) -> str:
    return "  ".join(f"{kind} {found[kind]}" for kind in KINDS)


@contextmanager
def standing() -> "Iterator[Server]":
    """The stand-ins on a port of their own."""
    from dispatch.local.networks import speakers
    from dispatch.local.networks.server import Server

    with tempfile.TemporaryDirectory(prefix="dispatch-bench-") as folder, shown():
        server = Server(0, Path(folder) / "posts.sqlite", speakers.SPEAKERS)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()
        server.server_close()


@contextmanager
def shown() -> "Iterator[None]":
    """A picture at every address of ours, for networks that fetch them: the web that shows them is not what is measured."""
    from django.conf import settings

    web = ThreadingHTTPServer(("127.0.0.1", 0), Shown)
    threading.Thread(target=web.serve_forever, args=(0.01,), daemon=True).start()
    settings.PUBLIC_URL = f"http://127.0.0.1:{web.server_port}"
    yield
    web.shutdown()
    web.server_close()


class Shown(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        content = picture()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *about: object) -> None:
        pass


def run(server: "Server", name: str, number: int) -> list[str]:
    """One post's course; what is to be counted of it."""
    chance = random.Random(f"{name} {number}")
    post = planned(channel(server, name), name, number, with_picture=chance.random() < 0.34)
    if chance.random() < 0.2:
        post = beneath(post, number)
    ahead = [chance.choice(FAULTS), chance.choice([*FAULTS, "", "", ""])]
    was_unknown = False
    for _ in range(MOST_STEPS):
        publish(server, post, ahead.pop(0) if ahead else "")
        post.refresh_from_db()
        was_unknown |= post.state == "unknown"
        let_time_pass(post)
        post.refresh_from_db()
        if post.state in {"sent", "refused"} or (post.state == "unknown" and looked_enough(post)):
            break
    return counted(server, post, was_unknown)


def counted(server: "Server", post: "Post", was_unknown: bool) -> list[str]:
    out = sum(each.text == post.text for each in server.store.posts(post.channel.network))
    found = ["runs"]
    if out > 1:
        found.append("twice")
    if post.state == "sent" and out == 1:
        found += ["once", "unknown_resolved"] if was_unknown else ["once"]
    elif post.state == "unknown" and post.trouble:
        found.append("unknown_shown")
    elif post.state != "refused" or out or not post.trouble:
        found.append("lost_silently")
    return found


def channel(server: "Server", name: str) -> "Channel":
    from dispatch.social import channels
    from dispatch.social.models import Channel

    known = Channel.objects.filter(slug=name).first()
    if known:
        return known
    speaker = server.speakers[name]
    made = channels.connect(
        name, name=name, network=name, credentials=speaker.credentials, account=speaker.account,
        server=f"http://127.0.0.1:{server.server_port}/{name}", settings={"threads": True},
    )  # fmt: skip
    health = channels.probe(made)
    assert health.ok, health.words
    sys.modules[f"dispatch.social.networks.{name}"].TIMEOUT = TIMEOUT
    return made


def planned(at: "Channel", name: str, number: int, *, with_picture: bool) -> "Post":
    from django.utils import timezone

    from dispatch.articles.models import Article, Revision, Source, Story
    from dispatch.social import channels, composing, freezing, networks
    from dispatch.social.models import Post, PostMedia

    source, _ = Source.objects.get_or_create(slug="site", defaults={"kind": "native", "name": "Site"})
    story = Story.objects.create(key=f"{name}:{number}")
    article = Article.objects.create(
        story=story, source=source, language="en", external_id=story.key, published_at=timezone.now(),
        url=f"https://office.example.org/{name}/{number}",
    )  # fmt: skip
    article.current = Revision.objects.create(
        article=article, number=1, updated_at=timezone.now(), title=f"A reading room opens, {number}", html="", text="",
        hash=b"h" * 32,
    )  # fmt: skip
    account = channels.account(at)
    post = Post.objects.create(
        channel=at, story=story, article=article, text=composing.compose(name, article, account), link=article.url,
        language="en", due_at=timezone.now(),
    )  # fmt: skip
    limits = networks.get(name).limits(account)
    needs_one = bool(networks.get(name).check(freezing.as_it_stands(post), account))
    if limits.pictures and (with_picture or needs_one):
        PostMedia.objects.create(post=post, media_id=kept(), alt="Alice reads by the window")
    return post


def beneath(post: "Post", number: int) -> "Post":
    """What follows it, once it is out; the post itself where nothing follows anything, or a slow machine left it in doubt."""
    from dispatch.social import channels, correcting, networks, publishing

    limits = networks.get(post.channel.network).limits(channels.account(post.channel))
    if not correcting.can_follow(limits):
        return post
    publishing.publish(post.pk)
    let_time_pass(post)
    return correcting.reply(post.pk, None, "a wrong date", f"It opened a day later, {number}") or post


@functools.cache
def kept() -> int:
    """The picture that posts show, taken in once."""
    from dispatch.social import media

    return media.take(picture()).pk


def picture() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(out, "JPEG")
    return out.getvalue()


def publish(server: "Server", post: "Post", fault: str) -> None:
    """One rung doorbell."""
    from django.utils import timezone

    from dispatch.social import publishing
    from dispatch.social.models import Channel, Post

    if fault.startswith("die"):
        claimed = publishing._claim(post.pk)  # noqa: SLF001 - a worker is killed within
        if claimed and fault == "die_after":
            publishing._attempt(*claimed)  # noqa: SLF001 - and nobody writes what the network said
        if claimed:
            Post.objects.filter(pk=post.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        publishing.expire_claims()
        return
    address = post.channel.server
    if fault == "refused_connection":
        Channel.objects.filter(pk=post.channel_id).update(server=f"http://127.0.0.1:9/{post.channel.network}")
    elif fault:
        server.faults[post.channel.network].append((fault, SLOW))
    publishing.publish(post.pk)
    server.faults[post.channel.network].clear()
    Channel.objects.filter(pk=post.channel_id).update(server=address)
    if fault == "slow":
        time.sleep(SLOW)


def let_time_pass(post: "Post") -> None:
    from django.utils import timezone

    from dispatch.social import resolving
    from dispatch.social.models import Attempt, Post

    earlier = timezone.now() - timedelta(minutes=11)
    Attempt.objects.filter(post=post, outcome="unknown").update(finished_at=earlier, started_at=earlier)
    for _ in range(len(resolving.LOOKS)):
        resolving.resolve(post.pk)
    Post.objects.filter(pk=post.pk, state="deferred").update(due_at=timezone.now())


def looked_enough(post: "Post") -> bool:
    from dispatch.social import resolving

    last = post.attempts.order_by("-number")[0]
    return last.evidence.get("looks", 0) >= len(resolving.LOOKS)


if __name__ == "__main__":
    sys.exit(main())
