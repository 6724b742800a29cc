"""Publishing a post: claimed by one worker, the attempt written first, one call, one outcome. Never twice or in silence."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import DataError, transaction
from django.utils import timezone

from dispatch import queue, retrying
from dispatch.outcomes import Deferred, Outcome, Refused, Sent, Unknown
from dispatch.social import channels, claiming, freezing, lateness, media, networks, showing, statements, timing
from dispatch.social.models import Attempt, Media, Post
from dispatch.social.networks.base import Account, Draft

log = logging.getLogger(__name__)
MOST_ATTEMPTS = 2
"""That may have put it out, without a person; also in sql/ready.sql."""
BELLS = 4
"""Doorbells at a time: one for each process there may be, since each goes on by itself to what else is due."""
PATIENCE = timedelta(hours=24)
"""How long a network may say "later"."""
PAUSES = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 30))
"""Waits where a network says "later" without saying when, or cannot be reached."""
UNCHANGED = {"due_at": None, "sent_at": None, "remote_id": None, "remote_url": None, "given_back": 0}
"""What of a post an outcome may change besides its state."""


@dataclass(frozen=True)
class Ready:
    """A post that can go: who says it, what is said, and its pictures as they were brought."""

    account: Account
    draft: Draft
    pictures: Mapping[int, Media]


def publish(post_id: int) -> None:
    """Publish this post, if it is due. Rung twice, late or in vain: no harm."""
    claimed = _claim(post_id)
    if claimed is None:
        lateness.put_by(post_id)
    else:
        settle(*claimed, waits_for_keys(claimed[0], _attempt(*claimed)))


def _attempt(post: Post, attempt: Attempt) -> Outcome:
    made = ready(post, attempt)
    if isinstance(made, Deferred | Refused):
        return made
    put = put_there(attempt, made)
    if isinstance(put, Deferred | Refused):
        return put
    return call(attempt, made.account, put) if _begin(post, attempt, put.prepared) else held()


def ready(post: Post, attempt: Attempt) -> Ready | Deferred | Refused:
    """What the database knows of it; or why it cannot go now. Asks the network for new credentials at most."""
    if not post.placed and (quiet := timing.end_of_quiet(post.channel, timezone.now())) > timezone.now():
        return Deferred(until=quiet, reason="its channel is quiet now")
    account = channels.ready(post.channel)
    if isinstance(account, Deferred | Refused):
        return account
    network, draft = networks.of(post.channel.network), freezing.draft(attempt)
    if problems := network.check(draft, account):
        return Refused(reason="; ".join(problems))
    return Ready(account, draft, media.kept(attempt))


def put_there(attempt: Attempt, made: Ready) -> Draft | Deferred | Refused:
    """All that is said with its pictures, and with what was put at the network first. Does not ask the database."""
    network, account, prepared = networks.of(attempt.post.channel.network), made.account, attempt.prepared
    limits = network.limits(account)
    try:
        draft = replace(made.draft, media=media.drawn(made.draft, attempt, limits, made.pictures))
    except media.Unfit as error:
        return Refused(reason=f"a picture: {error}")
    if limits.pictures_by_address:
        draft = replace(draft, media=showing.addressed(draft.media, attempt, limits))
    if prepared is None:
        prepared = network.prepare(replace(draft, card=media.card_of(attempt, limits)), account)
    return prepared if isinstance(prepared, Deferred | Refused) else replace(draft, prepared=prepared)


def call(attempt: Attempt, account: Account, draft: Draft) -> Outcome:
    """The call, once the attempt is begun. Asks the network, and not the database."""
    return networks.of(attempt.post.channel.network).publish(draft, account)


def held() -> Deferred:
    """What becomes of a post that could not be begun."""
    return Deferred(until=timezone.now(), reason="held before anything left")


def waits_for_keys(post: Post, outcome: Outcome) -> Outcome:
    """Where the credentials were refused, nothing was taken: its channel is not rung any more, and the post waits with it."""
    if not isinstance(outcome, Refused) or not channels.is_locked_out(outcome):
        return outcome
    channels.lock_out(post.channel, outcome.reason)
    return Deferred(until=post.due_at, reason=f"waits until the channel is reconnected: {outcome.reason}"[:500])


def settle(post: Post, attempt: Attempt, outcome: Outcome) -> bool:
    """Write what became of an attempt. False: the claim is someone else's by now, and only the attempt is written."""
    return post.pk in settle_all([(post, attempt, outcome)])


def settle_all(told: Sequence[tuple[Post, Attempt, Outcome]]) -> set[int]:
    """The same of several attempts, in one statement. The posts whose claims were still theirs."""
    rows = _together("settle", [_settled(*one) for one in told])
    for _, waiting in rows:
        for number in waiting:
            queue.enqueue("social.publish_post", number)
    for post, attempt, _ in told:
        log.info("post attempted", extra={"post": post.pk, "outcome": attempt.outcome})
    return {number for number, _ in rows}


def _settled(post: Post, attempt: Attempt, outcome: Outcome) -> dict[str, object]:
    names = {Sent: "sent", Deferred: "deferred", Refused: "refused", Unknown: "unknown"}
    attempt.outcome = next(name for kind, name in names.items() if isinstance(outcome, kind))
    attempt.evidence, attempt.finished_at = _evidence(outcome), timezone.now()
    about = {"post": post.pk, "token": post.token, "attempt": attempt.pk, "key": attempt.key, "frozen": attempt.frozen}
    written = {"outcome": attempt.outcome, "finished_at": attempt.finished_at, "evidence": attempt.evidence}
    return {**about, **written, **UNCHANGED, **_values(post, outcome)}


def _together(name: str, said: Sequence[Mapping[str, object]]) -> list[tuple[Any, ...]]:
    """What a statement returns for several posts. Where the database cannot read what is said of one, the others have no
    part in it."""
    try:
        return statements.prepared(name, said=json.dumps(said, default=datetime.isoformat)) if said else []
    except DataError:
        log.exception("what is said of posts cannot be written", extra={"posts": [one["post"] for one in said]})
        return [row for one in said for row in _together(name, [one])] if len(said) > 1 else []


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
    """Posts that wait for a worker, a few of them. Marks them as rung."""
    return [int(number) for (number,) in statements.rows("due", most=BELLS, **statements.patience())]


def is_overdue(seconds: float) -> bool:
    """Whether a post that may leave is due for so long and nobody took it."""
    return bool(statements.rows("overdue", seconds=seconds, **statements.patience())[0][0])


def _claim(post_id: int) -> tuple[Post, Attempt] | None:
    return next(iter(claiming.claim(post_id)), None)


def _begin(post: Post, attempt: Attempt, prepared: Mapping[str, object]) -> bool:
    return post.pk in begin_all([(post, attempt, prepared)])


def begin_all(wanted: Sequence[tuple[Post, Attempt, Mapping[str, object]]]) -> set[int]:
    """The last commit before the calls. Posts that are not among those it returns may not be called: someone pulled STOP
    meanwhile, or took them for dead."""
    said = []
    for post, attempt, prepared in wanted:
        attempt.prepared = dict(prepared)
        about = {"post": post.pk, "token": post.token, "attempt": attempt.pk}
        said.append({**about, "key": attempt.key, "frozen": attempt.frozen, "prepared": attempt.prepared})
    return {number for (number,) in _together("begin", said)}


def _values(post: Post, outcome: Outcome) -> dict[str, object]:
    match outcome:
        case Sent(remote_id=number, url=url):
            sent = {"remote_id": number[:300], "remote_url": url[:1000], "sent_at": timezone.now(), "trouble": ""}
            return {"state": Post.State.SENT.value, **sent}
        case Deferred(until=until, reason=reason):
            return _deferral(post, until, reason)
        case Refused(reason=reason, code=code):
            return {"state": Post.State.REFUSED.value, "trouble": f"{reason} {code}".strip()[:500]}
        case Unknown(reason=reason):
            return {"state": Post.State.UNKNOWN.value, "trouble": reason[:500], "due_at": timezone.now()}


def _deferral(post: Post, until: datetime | None, reason: str) -> dict[str, object]:
    """Nothing was taken, so it does not count as an attempt; but a network that says "later" for a day, since it was last
    asked for, has said no."""
    asked_at = Post.objects.values_list("asked_at", flat=True).get(pk=post.pk)
    tried = post.attempts.filter(**({"started_at__gte": asked_at} if asked_at else {}))
    started = list(tried.order_by("number").values_list("started_at", flat=True)) or [timezone.now()]
    end = started[0] + PATIENCE
    moment = until or retrying.next_attempt(len(started), timezone.now(), until=end, schedule=PAUSES)
    if moment is None or timezone.now() > end:
        refused = f"the network said later for a day: {reason}"
        return {"state": Post.State.REFUSED.value, "trouble": refused[:500]}
    moment = timing.not_in_quiet(post, moment)
    return {"state": Post.State.DEFERRED.value, "due_at": moment, "trouble": reason[:500], "given_back": 1}


def _evidence(outcome: Outcome) -> dict[str, object]:
    match outcome:
        case Sent(evidence=evidence) | Unknown(evidence=evidence):
            return {**evidence, **({"reason": outcome.reason} if isinstance(outcome, Unknown) else {})}
        case Deferred() | Refused():
            return {"reason": outcome.reason, "code": outcome.code}
