"""What Instagram and Threads have in common: a container is made, Meta fetches its pictures, and it is published once.

The container's id is kept before it is published. It tells what became of a call without an answer, and a second call for
the same container makes no second post (docs/instagram-platform/content-publishing, docs/threads/troubleshooting).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dispatch.outcomes import Deferred, Outcome, Refused, Sent, Unknown
from dispatch.social.networks import answers, graph
from dispatch.social.networks.base import CLOCKS_DIFFER, CannotTell, Draft, Found, Look, NotFound, Prepared
from dispatch.social.networks.graph import FAILURES, Graph

WORKING = timedelta(seconds=30)
"""When to come back to a container that Meta still works on: a new one would only begin anew."""
OVER = {"ERROR", "EXPIRED"}


@dataclass(frozen=True)
class Shelf:
    """How one of the two names things."""

    publish: str  # the account's edge that publishes containers
    posts: str  # the one that lists posts
    replies: str  # the one that lists replies
    status: str  # a container's field that tells how it is
    reason: str  # the one that tells why it failed
    text: str  # of a post


@dataclass(frozen=True)
class Place:
    """Whose containers, and where."""

    graph: Graph
    owner: str
    shelf: Shelf


def prepare(build: Callable[[], str], at: Place) -> Prepared:
    """Make a container; one that Meta still works on is waited for by `publish`."""
    try:
        container = build()
        status, why = _status(at, container)
    except FAILURES as error:
        return answers.before_publishing(graph.outcome(error))
    return _failed(status, why) if status in OVER else {"container": container}


def publish(at: Place, draft: Draft) -> Outcome:
    """Publish the container that was prepared, unless it says that it is out, or not ready; one call."""
    container = str(draft.prepared.get("container", ""))
    if not container:
        return Refused(reason="nothing was prepared to be published")
    if known := _known(at, draft, container):
        return known
    try:
        number = str(at.graph.post(f"{at.owner}/{at.shelf.publish}", creation_id=container)["id"])
    except graph.Failed as error:
        return _after(at, draft, graph.outcome(error))
    except FAILURES as error:
        return graph.outcome(error)
    return Sent(remote_id=number, url=address(at.graph, number))


def find(at: Place, draft: Draft) -> Look:
    """By its container; where that was published, the post itself among the account's own since the first attempt."""
    container = str(draft.prepared.get("container", ""))
    if not container:
        return NotFound()
    try:
        status, _ = _status(at, container)
        if status == "PUBLISHED":
            return _out(at, draft)
    except FAILURES as error:
        return CannotTell(str(error)[:200] or type(error).__name__)
    return CannotTell("Meta still works on it") if status == "IN_PROGRESS" else NotFound()


def address(at: Graph, number: str) -> str:
    """Where people see a post; empty where Meta does not say now: it is out all the same."""
    try:
        return str(at.get(number, fields="permalink").get("permalink") or "")
    except FAILURES:
        return ""


def _known(at: Place, draft: Draft, container: str) -> Outcome | None:
    """What the container's state settles already. Where it is not to be had, the call itself will tell."""
    try:
        status, why = _status(at, container)
        if status == "PUBLISHED":
            out = _out(at, draft)
            return Sent(remote_id=out.remote_id, url=out.url, evidence={"found": status})
    except FAILURES:
        return None
    if status == "IN_PROGRESS":
        return Deferred(until=datetime.now(UTC) + WORKING, reason="Meta still works on the pictures")
    return _failed(status, why) if status in OVER else None


def _after(at: Place, draft: Draft, trouble: answers.Trouble) -> Outcome:
    """A refusal may be of a second copy of the call, or untrue of a post that is out: the container knows."""
    if isinstance(trouble, Unknown):
        return trouble
    look = find(at, draft)
    if isinstance(look, Found):
        return Sent(remote_id=look.remote_id, url=look.url, evidence={"refused": trouble.reason, "found": "PUBLISHED"})
    if isinstance(look, NotFound):
        return trouble
    return Unknown(reason=trouble.reason, evidence={"words": trouble.reason, "saw": look.reason})


def _status(at: Place, container: str) -> tuple[str, str]:
    told = at.graph.get(container, fields=f"{at.shelf.status},{at.shelf.reason}")
    return str(told[at.shelf.status]), str(told.get(at.shelf.reason) or "")


def _failed(status: str, why: str) -> Refused:
    return Refused(reason=f"Meta could not make the post: {why or status}"[:300], code=status)


def _out(at: Place, draft: Draft) -> Found:
    """Where it is; without a name where the list of posts does not have it yet."""
    shelf, edge = at.shelf, at.shelf.replies if draft.reply_to else at.shelf.posts
    since = int((draft.created_at - CLOCKS_DIFFER).timestamp()) if draft.created_at else 0
    fields = f"id,permalink,timestamp,{shelf.text}"
    posts = at.graph.get(f"{at.owner}/{edge}", fields=fields, since=since, limit=50)["data"]
    mine: Mapping[str, Any] = next((post for post in posts if _is(post, shelf.text, draft, since)), {})
    return Found(str(mine.get("id") or ""), str(mine.get("permalink") or ""))


def _is(post: Mapping[str, Any], text: str, draft: Draft, since: int) -> bool:
    said = str(post.get(text) or "")
    return graph.moment(post["timestamp"]) >= since and said.split() == draft.text.split()
