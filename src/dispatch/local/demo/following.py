"""Watching what was published make its way: planned, mailed, posted."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from dispatch.local import inbox, wall
from dispatch.local.demo import newsroom
from dispatch.local.demo.counting import Account, Edition, account, language_for
from dispatch.local.demo.readers import Reader
from dispatch.local.demo.stories import Story
from dispatch.local.demo.telling import Bars

PLANNED_WITHIN = 60.0
DELIVERED_WITHIN = 200.0
RESTARTED_WITHIN = 60.0
Said = TypeVar("Said")


class Stopped(Exception):
    """Someone pressed Ctrl-C."""


class Following:
    """The stories of one demo on their way."""

    def __init__(
        self, people: Sequence[Reader], stories: Sequence[Story], bars: Bars, stopping: threading.Event
    ) -> None:
        self.people, self.stories, self.bars, self.stopping = people, stories, bars, stopping

    def until_planned(self) -> None:
        """Every language of every story has been given to newsletters and channels, or the time is over."""
        from dispatch.articles.models import Article

        total = sum(len(story.languages) for story in self.stories)
        keys = [story.key for story in self.stories]

        def planned() -> bool:
            done = Article.objects.filter(story__key__in=keys, planned_at__isnull=False).count()
            self.bars.show("Language versions planned", done, total)
            return done >= total

        self._wait(planned, PLANNED_WITHIN)

    def let_digests_leave(self) -> None:
        """By the act that an editor has for it: nobody waits for eight o'clock in a demo."""
        from dispatch import queue
        from dispatch.editions import planning
        from dispatch.editions.models import Edition as Row

        def sent_now() -> None:
            for number in Row.objects.filter(state=Row.State.GATHERING).values_list("pk", flat=True):
                planning.send_now(number)
            queue.flush()

        self._patiently(sent_now)

    def until_delivered(self) -> Account:
        """Everything has come to its end, or the time is over; then what arrived is counted."""
        editions = self._patiently(self.editions)

        def delivered() -> bool:
            self._show(editions)
            return _mail_is_over(len(editions)) and _posts_are_over()

        self._wait(delivered, DELIVERED_WITHIN)
        return self._patiently(self.account)

    def until_mailed(self) -> Account:
        """The same without waiting for posts: one whose worker was killed is looked into minutes later."""
        editions = len(self._patiently(self.editions))
        self._wait(lambda: _mail_is_over(editions), DELIVERED_WITHIN)
        return self._patiently(self.account)

    def account(self) -> Account:
        """Counted at the receivers."""
        return account(
            self.people,
            self.editions(),
            inbox.everything(),
            wall.texts(),
            stories=len(self.stories),
            networks=newsroom.CHANNELS,
        )

    def editions(self) -> list[Edition]:
        """What newsletters must have made of what was published, with the public ids of what they did make."""
        each, *digests = newsroom.NEWSLETTERS
        wanted = [_edition(each, [story]) for story in self.stories]
        return wanted + [_edition(digest, self.stories) for digest in digests]

    def _show(self, editions: Sequence[Edition]) -> None:
        arrived = Counter(letter.edition for letter in inbox.everything())
        for one in editions:
            readers = sum(1 for reader in self.people if language_for(reader, one))
            self.bars.show(one.name, sum(arrived[public_id] for public_id in one.public_ids), readers)
        posts = sum(len(texts) for texts in wall.texts().values())
        self.bars.show("Posts", posts, len(self.stories) * len(newsroom.CHANNELS))

    def _wait(self, done: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._patiently(done) and time.monotonic() < deadline:
            self._pause()

    def _patiently(self, act: Callable[[], Said]) -> Said:
        """What a database that is just being started again says once it is back."""
        from django.db import InterfaceError, OperationalError, connection

        deadline = time.monotonic() + RESTARTED_WITHIN
        while True:
            try:
                return act()
            except (OperationalError, InterfaceError):
                connection.close()
                if time.monotonic() >= deadline:
                    raise
            self._pause()

    def _pause(self) -> None:
        if self.stopping.wait(0.25):
            raise Stopped


def _mail_is_over(editions: int) -> bool:
    """Whether each of so many editions has been sent to its end, and nobody's own letter is due."""
    from django.utils import timezone

    from dispatch.audience.models import Rhythm
    from dispatch.delivery.models import Send

    if Rhythm.objects.filter(due_at__lte=timezone.now()).exists():  # moves on in the transaction that makes the send
        return False
    sends = list(Send.objects.values_list("finished_at", flat=True))
    return len(sends) >= editions and all(sends)


def _posts_are_over() -> bool:
    """Whether no post will move by itself any more."""
    from dispatch.social.models import Post

    waiting = [Post.State.SCHEDULED, Post.State.CLAIMED, Post.State.DEFERRED]
    return not Post.objects.filter(state__in=waiting).exists()


def _edition(newsletter: newsroom.Newsletter, stories: Sequence[Story]) -> Edition:
    """The mailing of this newsletter that brings these stories, in one departure or more."""
    from dispatch.editions.models import Edition as Row

    rows = Row.objects.filter(newsletter__slug=newsletter.slug, stories__story__key__in=[one.key for one in stories])
    public_ids = tuple(rows.order_by("pk").distinct().values_list("public_id", flat=True))
    languages = frozenset(language for story in stories for language in story.languages) & set(newsroom.LANGUAGES)
    is_digest = newsletter.cadence != "each"
    title = f"{len(stories)} stories" if is_digest else _title(stories[0])
    name = f"{newsletter.names['en']}: {_short(title)}"
    return Edition(name, newsletter.slug, public_ids, languages, is_tailored=is_digest)


def _title(story: Story) -> str:
    """As it was taken in; a pasted text's title is found by reading it."""
    from dispatch.articles.models import Revision

    found = Revision.objects.filter(article__story__key=story.key, article__language=story.languages[0])
    return found.order_by("-number").values_list("title", flat=True).first() or story.title


def _short(title: str) -> str:
    return title if len(title) <= 40 else title[:40].rsplit(" ", 1)[0] + " …"
