"""Publishing a post: claimed by one worker, the attempt written first, one call, one outcome. Never twice or in silence."""

import functools
import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from dispatch import queue, retrying
from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.outcomes import Deferred, Outcome, Refused, Sent, Unknown
from dispatch.social import channels, freezing, media, networks, showing
from dispatch.social.models import Attempt, Post

log = logging.getLogger(__name__)
SQL = Path(__file__).parent / "sql"
MOST_ATTEMPTS = 2
LATE = timedelta(hours=6)
"""A post this late is not fired any more; an editor decides."""
PATIENCE = timedelta(hours=24)
"""How long a network may say "later"."""
PAUSES = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 30))
"""Waits where a network says "later" without saying when, or cannot be reached."""
NOT_EMBARGOED = (
    "NOT EXISTS (SELECT FROM articles_story e WHERE e.id = p.story_id AND e.embargo_until > clock_timestamp())"
)
KEEPS = timedelta(hours=20)
"""For how long a network keeps what was put there and not published yet: Mastodon, X and Instagram say a day."""


def publish(post_id: int) -> None:
    """Publish a due post. Rung twice, late or in vain: no harm."""
    claimed = _claim(post_id)
    if claimed is None:
        _put_by(post_id)
    else:
        settle(*claimed, _waits_for_keys(claimed[0], _attempt(*claimed)))


def _attempt(post: Post, attempt: Attempt) -> Outcome:
    network, account = networks.get(post.channel.network), channels.ready(post.channel)
    if isinstance(account, Deferred | Refused):
        return account
    draft = freezing.draft(attempt)
    if problems := network.check(draft, account):
        return Refused(reason="; ".join(problems))
    limits = network.limits(account)
    try:
        draft = replace(draft, media=media.drawn(draft, attempt, limits))
    except media.Unfit as error:
        return Refused(reason=f"a picture: {error}")
    if limits.pictures_by_address:
        draft = replace(draft, media=showing.addressed(draft.media, attempt, limits))
    prepared = attempt.prepared
    if prepared is None:
        prepared = network.prepare(replace(draft, card=media.card_of(attempt, limits)), account)
    if isinstance(prepared, Deferred | Refused):
        return prepared
    if not _begin(post, attempt, prepared):
        return Deferred(until=timezone.now(), reason="held before anything left")
    return network.publish(replace(draft, prepared=prepared), account)


def _waits_for_keys(post: Post, outcome: Outcome) -> Outcome:
    """Where the credentials were refused, nothing was taken: its channel is not rung any more, and the post waits with it."""
    if not isinstance(outcome, Refused) or not channels.is_locked_out(outcome):
        return outcome
    channels.lock_out(post.channel, outcome.reason)
    return Deferred(until=post.due_at, reason=f"waits until the channel is reconnected: {outcome.reason}"[:500])


def settle(post: Post, attempt: Attempt, outcome: Outcome) -> bool:
    """Write what became of an attempt. False: the claim is someone else's by now, and only the attempt is written."""
    names = {Sent: "sent", Deferred: "deferred", Refused: "refused", Unknown: "unknown"}
    with transaction.atomic():
        attempt.outcome = names[type(outcome)]
        attempt.finished_at = timezone.now()
        attempt.evidence = _evidence(outcome)
        attempt.save(update_fields=["outcome", "finished_at", "evidence"])
        values = _values(post, outcome)
        mine = Post.objects.filter(pk=post.pk, token=post.token, state__in=[Post.State.CLAIMED, Post.State.UNKNOWN])
        changed = mine.update(lease_until=None, **values)
        if changed and isinstance(outcome, Sent):
            ring_next(post.pk)
    log.info("post attempted", extra={"post": post.pk, "outcome": attempt.outcome})
    return bool(changed)


def ring_next(post_id: int) -> None:
    """The part of the thread that waited for this one."""
    waiting = Post.objects.filter(follows=post_id, state__in=Post.WAITING, due_at__lte=timezone.now())
    for number in waiting.values_list("pk", flat=True):
        queue.enqueue("social.publish_post", number)


def expire_claims() -> int:
    """Posts whose worker died: in the call, and nobody knows whether they are out; before it, and they wait. How many."""
    with transaction.atomic():
        lost = Post.objects.select_for_update(skip_locked=True).filter(
            state=Post.State.CLAIMED, lease_until__lt=timezone.now()
        )
        posts = list(lost)
        for post in posts:
            attempt = post.attempts.order_by("-number")[0]
            settle(post, attempt, _of_the_dead(attempt))
    return len(posts)


def _of_the_dead(attempt: Attempt) -> Outcome:
    if attempt.called_at is None:
        return Deferred(until=None, reason="its worker died before anything left")
    return Unknown(reason="its worker died while publishing")


def due_posts() -> list[int]:
    """Posts that wait for a worker. Marks them as rung."""
    with connection.cursor() as cursor:
        cursor.execute(_text("due"))
        return [int(row[0]) for row in cursor.fetchall()]


def _put_by(post_id: int) -> None:
    """After a long downtime nothing is fired in a burst: what is very late becomes a draft that says so."""
    late = Post.objects.filter(pk=post_id, state__in=Post.WAITING, due_at__lt=timezone.now() - LATE)
    late.update(state=Post.State.DRAFT, trouble="more than six hours late; send it now, or drop it")


def _claim(post_id: int) -> tuple[Post, Attempt] | None:
    """The claim and the attempt in one commit, before any byte leaves."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_text("claim"), {"post": post_id, "most": MOST_ATTEMPTS, "late": LATE.total_seconds()})
            if cursor.fetchone() is None:
                return None
        found = Post.objects.select_related("channel", "article__current", "follows")
        post = found.defer("article__current__html", "article__current__text").get(pk=post_id)
        return post, _write_attempt(post)


def _write_attempt(post: Post) -> Attempt:
    """A repeat of the same keeps everything that was frozen with it, and what is at the network already."""
    fresh, now = freezing.freeze(post), timezone.now()
    key = freezing.key(post, fresh)
    before = list(post.attempts.order_by("number"))
    earlier = [one for one in before if one.key == key]
    still_there = (one for one in reversed(earlier) if one.started_at > now - KEEPS and one.outcome != "refused")
    return Attempt.objects.create(
        post=post,
        number=len(before) + 1,
        key=key,
        frozen=earlier[0].frozen if earlier else fresh,
        prepared=next((one.prepared for one in still_there if one.prepared is not None), None),
        started_at=now,
    )


def _begin(post: Post, attempt: Attempt, prepared: Mapping[str, object]) -> bool:
    """The last commit before the call. False: someone pulled STOP meanwhile, or took this for dead."""
    attempt.prepared = dict(prepared)
    said = json.dumps(attempt.prepared)
    with connection.cursor() as cursor:
        cursor.execute(_text("begin"), {"post": post.pk, "token": post.token, "attempt": attempt.pk, "prepared": said})
        return cursor.fetchone() is not None


def _values(post: Post, outcome: Outcome) -> dict[str, object]:
    match outcome:
        case Sent(remote_id=number, url=url):
            sent = {"remote_id": number[:300], "remote_url": url[:1000], "sent_at": timezone.now(), "trouble": ""}
            return {"state": Post.State.SENT, **sent}
        case Deferred(until=until, reason=reason):
            return _deferral(post, until, reason)
        case Refused(reason=reason, code=code):
            return {"state": Post.State.REFUSED, "trouble": f"{reason} {code}".strip()[:500]}
        case Unknown(reason=reason):
            return {"state": Post.State.UNKNOWN, "trouble": reason[:500], "due_at": timezone.now()}


def _deferral(post: Post, until: datetime | None, reason: str) -> dict[str, object]:
    """Nothing was taken, so it does not count as an attempt; but a network that says "later" for a day has said no."""
    started = list(post.attempts.order_by("number").values_list("started_at", flat=True))
    end = started[0] + PATIENCE
    moment = until or retrying.next_attempt(len(started), timezone.now(), until=end, schedule=PAUSES)
    if moment is None or timezone.now() > end:
        return {"state": Post.State.REFUSED, "trouble": f"the network said later for a day: {reason}"[:500]}
    return {
        "state": Post.State.DEFERRED,
        "due_at": moment,
        "trouble": reason[:500],
        "attempts_made": max(0, post.attempts_made - 1),
    }


def _evidence(outcome: Outcome) -> dict[str, object]:
    match outcome:
        case Sent(evidence=evidence) | Unknown(evidence=evidence):
            return {**evidence, **({"reason": outcome.reason} if isinstance(outcome, Unknown) else {})}
        case Deferred() | Refused():
            return {"reason": outcome.reason, "code": outcome.code}


@functools.cache
def _text(name: str) -> str:
    text = (SQL / f"{name}.sql").read_text(encoding="utf-8")
    text = text.replace("{not_embargoed}", NOT_EMBARGOED)
    text = text.replace("{in_its_turn}", (SQL / "in_its_turn.sql").read_text(encoding="utf-8"))
    return text.replace("{not_stopped}", stopping.condition(Stop.Scope.CHANNEL, "c.id"))
