"""What became of an unknown post: the network is asked before anything is sent again; else an editor decides."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from dispatch.outcomes import Sent
from dispatch.social import adding, channels, freezing, networks, publishing
from dispatch.social.models import Attempt, Post
from dispatch.social.networks.base import Account, CannotTell, Found, NotFound

LOOKS = (timedelta(seconds=60), timedelta(minutes=3), timedelta(minutes=10))
"""When to look after an attempt without an answer: a status may show late, and a key is known only once it is stored."""
REPLAY_UNTIL = timedelta(minutes=55)
"""Mastodon forgets an Idempotency-Key after an hour."""


def resolve(post_id: int) -> None:
    """Look once. Found: sent. Not there after the last look: once more where the network itself recognises a repeat."""
    post = (
        Post.objects.select_related("channel", "article__current").filter(pk=post_id, state=Post.State.UNKNOWN).first()
    )
    attempt = post.attempts.order_by("-number").first() if post else None
    if post is None or attempt is None or not _is_due(attempt):
        return
    network = networks.of(post.channel.network)
    draft = freezing.draft(attempt)
    account = channels.ready(post.channel)
    look = network.find(draft, account) if isinstance(account, Account) else CannotTell(account.reason)
    if isinstance(look, Found):
        publishing.settle(
            post, attempt, Sent(remote_id=look.remote_id, url=look.url, evidence={"found": look.remote_id})
        )
        return
    looked = _note(attempt, look.reason if not isinstance(look, NotFound) else "not there")
    replayable = (
        network.replays(draft) and isinstance(look, NotFound) and timezone.now() - attempt.started_at < REPLAY_UNTIL
    )
    wanted = adding.may_be_posted(post.article) and post.attempts_made < publishing.MOST_ATTEMPTS
    if replayable and wanted and looked >= len(LOOKS):
        _send_again(post)


def due() -> list[int]:
    """Unknown posts whose next look is due; each is looked at as often as LOOKS says, then waits for an editor."""
    latest = Attempt.objects.filter(post__state=Post.State.UNKNOWN).order_by("post_id", "-number").distinct("post_id")
    return [attempt.post_id for attempt in latest if _is_due(attempt)]


def _is_due(attempt: Attempt) -> bool:
    looked = int(attempt.evidence.get("looks", 0))
    since = attempt.finished_at or attempt.started_at
    return attempt.outcome == "unknown" and looked < len(LOOKS) and timezone.now() - since >= LOOKS[looked]


def _note(attempt: Attempt, what: str) -> int:
    """Keep that, and when, someone looked: it is the evidence an editor will see."""
    looks = int(attempt.evidence.get("looks", 0)) + 1
    attempt.evidence = {**attempt.evidence, "looks": looks, "looked_at": timezone.now().isoformat(), "saw": what}
    attempt.save(update_fields=["evidence"])
    return looks


def _send_again(post: Post) -> None:
    with transaction.atomic():
        Post.objects.filter(pk=post.pk, state=Post.State.UNKNOWN, token=post.token).update(
            state=Post.State.SCHEDULED, due_at=timezone.now(), rung_at=None
        )
