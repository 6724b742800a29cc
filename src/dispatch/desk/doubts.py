"""What nobody knows: posts without an answer, edits and deletions likewise, readers who may have mail; and evidence."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.dateparse import parse_datetime

from dispatch import saying
from dispatch.delivery.models import Send
from dispatch.operations import stats
from dispatch.social import changing
from dispatch.social.models import Attempt, Change, Post

LOST = {
    "ReadTimeout": "no answer within the time that it was given",
    "ConnectTimeout": "no connection within the time that it was given",
    "ConnectionError": "the connection broke",
    "ReadError": "the connection broke",
    "RemoteProtocolError": "the connection broke in the middle of the answer",
    "TimedOut": "no answer within the time that it was given",
    "NetworkError": "the connection broke",
}
"""What the libraries' words for silence mean."""
MOST = 100


@dataclass(frozen=True)
class Line:
    """One thing that is known, and when."""

    at: datetime | None
    words: str


@dataclass(frozen=True)
class Doubt:
    """A post that may or may not be out, with everything that speaks for either."""

    post: Post
    lines: list[Line]


@dataclass(frozen=True)
class Readers:
    """How many of a send's readers may or may not have their mail."""

    send: Send
    count: int


def posts() -> list[Doubt]:
    """The longest in doubt first."""
    rows = Post.objects.filter(state=Post.State.UNKNOWN).select_related("channel", "story").prefetch_related("attempts")
    return [Doubt(post, list(lines(post))) for post in rows.order_by("due_at")[:MOST]]


def changes() -> list[Change]:
    """Edits and deletions that a network refused or never answered."""
    return list(changing.failed()[:MOST])


def readers() -> list[Readers]:
    """By send, the newest first; numbers only."""
    doubtful = {one.id: count for one in stats.sends() if (count := one.exceptions.get("unknown", 0))}
    sends = Send.objects.filter(pk__in=doubtful).select_related("edition__newsletter").order_by("-pk")
    return [Readers(send, doubtful[send.pk]) for send in sends]


def lines(post: Post) -> Iterator[Line]:
    """Attempt by attempt: what was asked, what came back, what a look found."""
    for attempt in sorted(post.attempts.all(), key=lambda one: one.number):
        yield Line(attempt.started_at, f"Attempt {attempt.number} began, through {post.channel.network}.")
        yield from _prepared(attempt)
        if attempt.called_at:
            yield Line(attempt.called_at, "The network was asked to publish it.")
        elif attempt.finished_at:
            yield Line(None, "The network was not asked to publish it: this attempt put nothing out.")
        yield from _answer(attempt)
        yield from _look(attempt)


def _prepared(attempt: Attempt) -> Iterator[Line]:
    """What was put there before: a container that a network made a post of has another status than one that waits."""
    for name, value in sorted((attempt.prepared or {}).items()):
        if isinstance(value, list):
            yield Line(None, f"Put there before: {saying.many(len(value), 'picture')}.")
        elif isinstance(value, str | int):
            yield Line(None, f"Put there before: {name} {value}.")


def _answer(attempt: Attempt) -> Iterator[Line]:
    said = attempt.evidence
    parts = [
        LOST.get(str(said.get("error", "")), str(said.get("error", ""))),
        f"it answered {said['status']}" if said.get("status") else "",
        f"“{said['words']}”" if said.get("words") else "",
        str(said.get("reason", "")) if not said.get("error") else "",
        f"code {said['code']}" if said.get("code") else "",
    ]
    words = ", ".join(part for part in parts if part)
    if attempt.finished_at or words:
        yield Line(attempt.finished_at, f"What came back: {words or attempt.outcome or 'nothing'}.")
    elif attempt.called_at:
        yield Line(None, "Nothing came back.")


def _look(attempt: Attempt) -> Iterator[Line]:
    said = attempt.evidence
    if not said.get("looks"):
        return
    saw = str(said.get("saw") or "nothing")
    found = {"not there": "it is not there, as far as the network shows"}.get(saw, saw)
    yield Line(_moment(said), f"Looked for {saying.many(int(said['looks']), 'time')}; last: {found}.")
    if said.get("container"):
        yield Line(None, f"Its container there says: {said['container']}.")


def _moment(said: dict[str, object]) -> datetime | None:
    return parse_datetime(str(said.get("looked_at", "")))
