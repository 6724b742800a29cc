"""What operators' pages cost while ten million letters leave and a million readers are exceptions.

The ledger is filled as the ledger stores it: a chunk for each thousand readers with its cursors, a row for each exception
(readers' own rows are not needed: no page of operators opens them). Each page is asked for through Django as a signed-in
operator asks for it: middleware, session, queries, template. `make bench NAME=operations` prints one table and ends with a
JSON line; `--readers N` for other audiences, `--explain` for the plans of the slowest.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import crowd
import embedded
import sizes

if TYPE_CHECKING:
    from django.test import Client

WARM = 3
CHUNK = 1_000
CHUNKS = """
INSERT INTO delivery_chunk
    (send_id, number, variant_id, provider_class, in_wave, is_retry, recipients, settled, ahead, state, token, takeovers,
     trouble, rung_at, lease_until)
SELECT %(send)s, n, %(variant)s, n %% 9, false, false, ARRAY(SELECT generate_series((n - 1) * 1000 + 1, n * 1000)),
       CASE WHEN n <= %(done)s THEN 1000 WHEN n <= %(done)s + 8 THEN 400 ELSE 0 END,
       CASE WHEN n <= %(done)s THEN 1000 WHEN n <= %(done)s + 8 THEN 450 ELSE 0 END,
       CASE WHEN n <= %(done)s THEN 'done' WHEN n <= %(done)s + 8 THEN 'leased' WHEN n = %(done)s + 9 THEN 'stuck'
            ELSE 'pending' END,
       1, 0, CASE WHEN n = %(done)s + 9 THEN 'Its workers died again and again.' ELSE '' END, now(),
       now() + interval '10 minutes'
FROM generate_series(1, %(chunks)s) AS n
"""
EXCEPTIONS = """
INSERT INTO delivery_exception
    (send_id, subscriber_id, chunk, state, code, attempts, next_attempt_at, at, provider_class, answered_by)
SELECT %(send)s, r, (r - 1) / 1000 + 1,
       (ARRAY['deferred','deferred','deferred','deferred','refused','refused','bounced','unknown'])[1 + h %% 8],
       (ARRAY['450 4.2.1','451 4.7.1','421 4.7.0','452 4.2.2',
              '550 5.1.1','554 5.7.1','550 5.1.1','ambiguous'])[1 + h %% 8],
       1 + h %% 5, CASE WHEN h %% 8 < 4 THEN now() + make_interval(secs => 600 + h %% 86400) END,
       now() - make_interval(secs => h %% 3600),
       ((r - 1) / 1000 + 1) %% 9, 1 + h %% 2
FROM generate_series(%(every)s::bigint, %(settled)s::bigint, %(every)s::bigint) AS r, abs(hashint8(r)) AS h
"""
FLOW = """
WITH today AS (SELECT date_trunc('day', now()) AS day)
INSERT INTO operations_flow (at, minutes, kind, part, outcome, count, late, latest)
SELECT at, minutes, kind, part, outcome, 1000, 60, 5
FROM (SELECT generate_series(day - interval '2 days', now(), interval '1 minute') AS at, 1 AS minutes FROM today
      UNION ALL
      SELECT generate_series(day - interval '8 days', now() - interval '2 days', interval '15 minutes'), 15 FROM today
      UNION ALL
      SELECT generate_series(day - interval '70 days', now() - interval '8 days', interval '1 hour'), 60 FROM today
     ) AS stretch,
     (SELECT 'mail' AS kind, relay || '/' || provider AS part
      FROM unnest(ARRAY['main','other']) relay, generate_series(0, 4) provider
      UNION ALL SELECT 'post', 'channel-' || n FROM generate_series(1, 3) n UNION ALL SELECT 'send', 'office') AS parts,
     unnest(ARRAY['sent','deferred']) AS outcome
"""
AUDIT = """
INSERT INTO accounts_auditentry (at, who_id, act, target, reason, via, previous, hash)
SELECT now() - make_interval(secs => 100000 - n), NULL, 'post.retry', 'post:' || n %% 3000, 'a test of size', '', '', ''
FROM generate_series(1, 100000) n
"""


@dataclass
class Asked:
    """One page, and the milliseconds that each answer took."""

    name: str
    path: str
    took: list[float] = field(default_factory=list)
    queries: int = 0
    cost: float = 0.0  # processor milliseconds of an answer, here and in the database: what a quiet machine would take
    slowest: dict[str, str] = field(default_factory=dict)

    def of(self, share: float) -> float:
        return sorted(self.took)[min(int(len(self.took) * share), len(self.took) - 1)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/operations.py", description=__doc__)
    parser.add_argument("--readers", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--explain", action="store_true", help="print each page's slowest query and its plan")
    options = sizes.asked(parser, readers=100_000, rounds=2)
    with embedded.database() as folder, broker(folder):
        from dispatch import queue
        from dispatch.operations import figures

        began = time.perf_counter()
        send = filled(options.readers)
        print(f"filled in {time.perf_counter() - began:.0f} s")
        visitor().get("/")
        queue.settle_in()  # as the web server does once its pages are loaded
        asked = [measured(one, options.rounds) for one in pages(send)]
        asked.append(timed(Asked("the live poll", ""), read_all, options.rounds))
        asked.append(timed(Asked("figures for Prometheus", ""), figures.read, options.rounds))
        if options.explain:
            explain(asked)
    show(asked, options.readers)
    return 0


@contextmanager
def broker(folder: Path) -> Iterator[None]:
    """A Valkey as `dispatch up` would run it: some pages ask it something."""
    from dispatch import env
    from dispatch.local import valkey

    server = subprocess.Popen(valkey.command(folder / "valkey", env.run_dir()), stdout=subprocess.DEVNULL)
    try:
        while not (env.run_dir() / "valkey.sock").exists():
            time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait(30)


def filled(readers: int) -> int:
    """A send of so many under way, one in ten an exception; posts, an audit log, charts and workers beside it."""
    from django.db import connection

    from dispatch.audience.models import Newsletter
    from dispatch.delivery import partitions, relays
    from dispatch.delivery.models import Send
    from dispatch.editions.models import Variant

    office = Newsletter.objects.create(
        slug="office", languages=["en"], from_name="O", from_address="news@example.org", names={"en": "O"}
    )
    for name in ("main", "other"):
        relays.save(name, "fake://")
    edition = crowd.rendered(office.slug, "ten million")
    send = Send.objects.create(edition_id=edition, state="sending", frozen_count=readers)
    Send.objects.update(started_at=send.created_at)
    variant = Variant.objects.get(edition=edition)
    chunks = readers // CHUNK
    done = chunks * 8 // 10
    values = {
        "send": send.pk,
        "variant": variant.pk,
        "chunks": chunks,
        "done": done,
        "settled": done * CHUNK,
        "every": 8,
    }
    with connection.cursor() as cursor:
        partitions.add(send.pk)
        cursor.execute(CHUNKS, values)
        cursor.execute(EXCEPTIONS, values)
        print(f"{chunks:,} chunks, {cursor.rowcount:,} exceptions")
        cursor.execute(FLOW)
        cursor.execute(AUDIT.replace("%%", "%"))
    posts(chunks)
    settle()
    return send.pk


def posts(many: int) -> None:
    """A story posted to three channels again and again, some refused; and workers."""
    from django.utils import timezone

    from dispatch.articles.models import Article, Revision, Source, Story
    from dispatch.delivery.models import WorkerBeat
    from dispatch.social import channels
    from dispatch.social.models import Post

    now = timezone.now()
    source = Source.objects.create(slug="site", kind="native", name="The site")
    on = [
        channels.connect(f"channel-{n}", name=f"Channel {n}", network="mastodon", credentials={"access_token": "t"})
        for n in range(3)
    ]
    stories = Story.objects.bulk_create(Story(key=f"site:{n}") for n in range(min(many, 1000)))
    articles = Article.objects.bulk_create(
        Article(story=s, source=source, language="en", external_id=s.key, url="https://office.example.org/",
                planned_at=now, published_at=now) for s in stories
    )  # fmt: skip
    for article in articles:
        article.current = Revision(article=article, number=1, updated_at=now, title="A reading room opens", html="", text="",
                                   topics=[], hash=b"h" * 32)  # fmt: skip
    Revision.objects.bulk_create(article.current for article in articles)
    Article.objects.bulk_update(articles, ["current"])
    states = ("sent", "sent", "sent", "refused", "deferred", "unknown")
    Post.objects.bulk_create(
        Post(channel=on[n % 3], story=a.story, article=a, state=states[n % 6], text="A reading room", link=a.url,
             language="en", due_at=now) for n, a in enumerate(articles)
    )  # fmt: skip
    WorkerBeat.objects.bulk_create(
        WorkerBeat(name=f"host:{n}", queues="email", started_at=now, beat_at=now, memory=10**8, version="0.1.0",
                   now=[{"task": f"email.send_chunk(1, {n})", "since": now.isoformat()}] * 4) for n in range(40)
    )  # fmt: skip


def settle() -> None:
    """What autovacuum and the clock do by themselves while a send runs."""
    from django.db import connection

    from dispatch.delivery import statements

    statements.execute("fold")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def pages(send: int) -> list[Asked]:
    from dispatch.delivery.models import Chunk, DeliveryException, Send
    from dispatch.social.models import Post

    queue = "/operations/queue/"
    reader = DeliveryException.objects.filter(state="deferred").first()
    chunk = Chunk.objects.filter(number=8).values_list("pk", flat=True)[0]
    post = Post.objects.filter(state="refused").values_list("pk", flat=True)[0]
    edition = Send.objects.get(pk=send).edition_id
    paths = {
        "queue": queue,
        "items: readers": f"{queue}items/?kind=reader",
        "items: readers, deferred": f"{queue}items/?kind=reader&column=deferred",
        "items: readers, filtered": f"{queue}items/?kind=reader&column=failed&provider=5&relay=2&newsletter=1",
        "items: readers, by reply": f"{queue}items/?kind=reader&code=550+5.1.1",
        "items: readers, far on": f"{queue}items/?kind=reader&skip=9950",
        "items: chunks": f"{queue}items/?kind=chunk",
        "items: chunks, stuck": f"{queue}items/?kind=chunk&column=failed",
        "items: chunks, filtered": f"{queue}items/?kind=chunk&column=due&provider=5&send={send}",
        "items: posts": f"{queue}items/?kind=post&column=failed",
        "items: renders": f"{queue}items/?kind=edition",
        "items: articles": f"{queue}items/?kind=article",
        "items: webhooks": f"{queue}items/?kind=webhook",
        "item: a reader": f"{queue}items/reader/{send}-{reader.subscriber_id}/",
        "item: a chunk": f"{queue}items/chunk/{chunk}/",
        "item: a post": f"{queue}items/post/{post}/",
        "item: a render": f"{queue}items/edition/{edition}/",
        "flow: an hour": f"{queue}flow/?kind=mail&span=1h",
        "flow: a day": f"{queue}flow/?kind=mail&span=1d",
        "flow: 4 weeks": f"{queue}flow/?kind=mail&span=4w",
        "flow: 10 weeks of posts": f"{queue}flow/?kind=post&span=10w",
        "workers": f"{queue}workers/",
        "health": "/operations/health/",
        "relays": "/operations/relays/",
        "audit": "/audit/",
        "edition": f"/editions/{edition}",
        "who is missing": f"/sends/{send}/missing",
        "did it go out?": "/posts/unknown",
        "home": "/",
    }
    return [Asked(name, path) for name, path in paths.items()]


def visitor() -> "Client":
    from django.conf import settings
    from django.test import Client

    from dispatch.accounts import views
    from dispatch.accounts.models import User

    user, _ = User.objects.get_or_create(email="alice@example.org", defaults={"name": "Alice", "role": "administrator"})
    client = Client(headers={"host": "localhost"})
    settings.SECOND_FACTOR = False  # it is asked for when somebody signs in, not with each page
    client.force_login(user, views.BACKEND)
    return client


def measured(one: Asked, rounds: int) -> Asked:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = visitor()
    with CaptureQueriesContext(connection) as said:
        answer = client.get(one.path)
    assert answer.status_code == 200, f"{one.path} answers {answer.status_code}"
    one.queries = len(said)
    one.slowest = max(said.captured_queries, key=lambda query: float(query["time"]), default={})
    return timed(one, lambda: client.get(one.path), rounds)


def timed(one: Asked, call: Callable[[], object], rounds: int) -> Asked:
    for _ in range(WARM):
        call()
    before = processor()
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        one.took.append(1000 * (time.perf_counter() - began))
    one.cost = (processor() - before) / rounds
    return one


def processor() -> float:
    """Milliseconds that this process and its database sessions have used so far."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE backend_type IN ('client backend', 'parallel worker')")
        stats = [Path(f"/proc/{number}/stat") for (number,) in cursor.fetchall()]
    ticks = sum(sum(map(int, path.read_text().rpartition(")")[2].split()[11:13])) for path in stats if path.exists())
    return 1000 * (time.process_time() + ticks / os.sysconf("SC_CLK_TCK"))


def read_all() -> object:
    from dispatch.operations import live, stats

    return live.of(stats.now())


def explain(asked: list[Asked]) -> None:
    from django.db import connection

    for one in sorted(asked, key=lambda page: -page.of(0.5))[:4]:
        print(f"\n{one.name}: {one.slowest['time']} s")
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + one.slowest["sql"])
            print("\n".join(line for (line,) in cursor.fetchall()))


def show(asked: list[Asked], readers: int) -> None:
    print(f"\n{'page':<30}{'queries':>9}{'processor':>12}{'p50':>10}{'p99':>10}")
    for one in asked:
        print(f"{one.name:<30}{one.queries or '':>9}{one.cost:>9.1f} ms{one.of(0.5):>7.1f} ms{one.of(0.99):>7.1f} ms")
    every = [took for one in asked for took in one.took]
    p50, p99 = statistics.median(every), sorted(every)[int(len(every) * 0.99)]
    print(f"\nthe costliest page takes {max(one.cost for one in asked):.1f} ms of the processor")
    print(f"load of the machine meanwhile: {os.getloadavg()[0]:.1f}, of {os.cpu_count()} processors")
    print(json.dumps({"rows": readers, "p50_ms": round(p50, 1), "p99_ms": round(p99, 1)}))


if __name__ == "__main__":
    sys.exit(main())
