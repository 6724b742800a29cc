"""A demo in which STOP is pulled while posts are due and mail leaves; ends with one line of JSON of what came afterwards.

`python stopping.py 18950`: the web's port.
"""

import argparse
import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta

from dispatch.local import inbox, wall
from dispatch.local.demo import command, newsroom, readers, stories, telling

READERS = 3000
POSTS = 400
BEFORE = 30
"""Posts that have come when STOP is pulled."""


def main(port: int) -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "dispatch.settings"
    os.environ |= {"DISPATCH_APPROVE_FROM": "0", "DISPATCH_FIRST_WAVE_FROM": "0", "DISPATCH_CHUNK": "100"}
    with command.started(argparse.Namespace(once=True, port=port)), telling.bars():
        from dispatch.desk import halting

        newsroom.take_in(readers.invent(READERS))
        wanted = stories.load(stories.SAMPLES)[:1]
        plan()
        stories.publish(wanted[0], os.environ["DISPATCH_PUBLIC_URL"])
        wait(lambda: len(posted()) >= BEFORE and inbox.count() > 0)
        halted = halting.halt("everything", None, None, "a test")
        stopped_at, mails = time.time(), inbox.count()
        time.sleep(1)
        mails_in_a_second = inbox.count()
        time.sleep(4)
        after = [moment - stopped_at for moment in posted() if moment > stopped_at]
        told = {
            "may": [halted.messages, halted.posts],
            "posts_after": len(after),
            "posts_after_a_second": sum(seconds > 1 for seconds in after),
            "mails_after": inbox.count() - mails,
            "mails_after_a_second": inbox.count() - mails_in_a_second,
            "left": POSTS - len(posted()),
        }
    print(json.dumps(told), flush=True)  # noqa: T201 - its answer
    return 0


def plan() -> None:
    """Turns of one post, so many a second that some are under way whenever STOP is pulled."""
    from dispatch.articles.models import Article, Source, Story
    from dispatch.social.models import Channel, Post

    channel, story = Channel.objects.get(slug="mastodon"), Story.objects.create(key="stopping")
    now = datetime.now(UTC)
    told = {"story": story, "source": Source.objects.all()[0], "external_id": "stopping", "published_at": now}
    article = Article.objects.create(language="en", url="https://example.org/a", planned_at=now, **told)
    said = {"channel": channel, "story": story, "article": article, "language": "en", "checked_at": now}
    Post.objects.bulk_create(
        Post(turn=number, text=f"turn {number}", due_at=now + timedelta(seconds=2 + number / 10), **said)
        for number in range(POSTS)
    )


def posted() -> list[float]:
    """When each turn came."""
    found = wall.posts(limit=10_000)
    return [each.at.timestamp() for each in found if each.text.startswith("turn ")]


def wait(until) -> None:
    deadline = time.monotonic() + 120
    while not until() and time.monotonic() < deadline:
        time.sleep(0.02)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
