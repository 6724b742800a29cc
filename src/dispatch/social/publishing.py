"""Publishing a post: claimed by one worker, the attempt written first, one call, one outcome. Never twice or in silence."""

import functools
import hashlib
import logging
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from dispatch import retrying
from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.outcomes import Deferred, Outcome, Refused, Sent, Unknown
from dispatch.social import channels, networks
from dispatch.social.models import Attempt, Post
from dispatch.social.networks.base import Draft

log = logging.getLogger(__name__)
SQL = Path(__file__).parent / "sql"
MOST_ATTEMPTS = 2
LATE = timedelta(hours=6)
"""A post this late is not fired any more; an editor decides."""
PATIENCE = timedelta(hours=24)
"""How long a network may say "later"."""
PAUSES = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 30))
"""Waits where a network says "later" without saying when, or cannot be reached."""


def publish(post_id: int) -> None:
    """Publish a due post. Rung twice, late or in vain: no harm."""
    if _is_too_late(post_id):
        return
    claimed = _claim(post_id)
    if claimed is None:
        return
    post, attempt = claimed
    network = networks.get(post.channel.network)
    account = channels.account(post.channel)
    draft = draft_of(post, attempt)
    problems = network.check(draft, account)
    outcome = Refused(reason="; ".join(problems)) if problems else network.publish(draft, account)
    settle(post, attempt, outcome)


def draft_of(post: Post, attempt: Attempt) -> Draft:
    """What an attempt publishes: frozen with the attempt, the same when it is made again."""
    frozen = attempt.frozen
    return Draft(
        text=frozen["text"],
        link=frozen["link"],
        language=post.language,
        title=frozen["title"],
        summary=frozen["summary"],
        key=attempt.key,
        created_at=datetime.fromisoformat(frozen["created_at"]),
    )


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
    log.info("post attempted", extra={"post": post.pk, "outcome": attempt.outcome})
    return bool(changed)


def expire_claims() -> int:
    """Posts whose worker died in the call: nobody knows whether they are out. How many."""
    with transaction.atomic():
        dead = Post.objects.select_for_update(skip_locked=True).filter(
            state=Post.State.CLAIMED, lease_until__lt=timezone.now()
        )
        numbers = list(dead.values_list("pk", flat=True))
        Attempt.objects.filter(post__in=numbers, outcome="").update(
            outcome="unknown", finished_at=timezone.now(), evidence={"reason": "its worker died"}
        )
        Post.objects.filter(pk__in=numbers).update(
            state=Post.State.UNKNOWN,
            trouble="its worker died while publishing",
            due_at=timezone.now(),
            lease_until=None,
        )
    return len(numbers)


def due_posts() -> list[int]:
    """Posts that wait for a worker. Marks them as rung."""
    with connection.cursor() as cursor:
        cursor.execute(_text("due"))
        return [int(row[0]) for row in cursor.fetchall()]


def _is_too_late(post_id: int) -> bool:
    """After a long downtime nothing is fired in a burst: what is very late becomes a draft that says so."""
    waiting = [Post.State.SCHEDULED, Post.State.DEFERRED]
    late = Post.objects.filter(pk=post_id, state__in=waiting, due_at__lt=timezone.now() - LATE)
    return bool(late.update(state=Post.State.DRAFT, trouble="more than six hours late; send it now, or drop it"))


def _claim(post_id: int) -> tuple[Post, Attempt] | None:
    """The claim and the attempt in one commit, before any byte leaves."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_text("claim"), {"post": post_id, "most": MOST_ATTEMPTS})
            if cursor.fetchone() is None:
                return None
        post = Post.objects.select_related("channel", "article__current").get(pk=post_id)
        return post, _write_attempt(post)


def _write_attempt(post: Post) -> Attempt:
    """A repeat of the same text keeps the key and everything frozen with it; another text is another post to the network."""
    key = hashlib.sha256(f"{post.channel_id}:{post.story_id}:{post.text}".encode()).hexdigest()[:40]
    earlier = post.attempts.filter(key=key).order_by("number").first()
    now = timezone.now()
    current = post.article.current
    fresh = {
        "text": post.text,
        "link": post.link,
        "title": current.title if current else "",
        "summary": current.summary if current else "",
        "created_at": now.isoformat(),
    }
    return Attempt.objects.create(
        post=post,
        number=post.attempts.count() + 1,
        key=key,
        frozen=earlier.frozen if earlier else fresh,
        started_at=now,
    )


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
    return text.replace("{not_stopped}", stopping.condition(Stop.Scope.CHANNEL, "c.id"))
