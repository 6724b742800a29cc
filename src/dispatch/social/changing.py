"""Editing and deleting what is out: wanted by someone, done by one worker at a time, and never lost in silence.

Unlike publishing, both are safe to repeat, so an answer that never came is asked for again.
"""

import functools
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from dispatch import retrying
from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.outcomes import Deferred, Outcome, Refused, Sent, Unknown
from dispatch.social import channels, dropping, freezing, networks
from dispatch.social.models import Change, Post
from dispatch.social.networks.base import Unsupported

log = logging.getLogger(__name__)
SQL = Path(__file__).parent / "sql"
State, Act = Change.State, Change.Act
MOST_DOUBTS = 4
"""How often a change is asked for that gets no answer."""
PATIENCE = timedelta(hours=24)
PAUSES = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 30))
NOWHERE = "it is out, but nobody knows where: do it there by hand"
UNSUPPORTED = "this network has no such act: do it there by hand"


def change(change_id: int) -> None:
    """Do a change that is due. Rung twice, late or in vain: no harm."""
    wanted = _claim(change_id)
    if wanted is not None:
        settle(wanted, _waits_for_keys(wanted, _attempt(wanted)))


def settle(wanted: Change, outcome: Outcome) -> bool:
    """Write what became of it, on the post too. False: the claim is someone else's by now."""
    with transaction.atomic():
        Post.objects.select_for_update().get(pk=wanted.post_id)
        values = _values(wanted, outcome)
        later = Change.objects.filter(post=wanted.post_id, act=wanted.act, state=State.WAITING)
        if values["state"] == State.WAITING and later.exists():
            values = {"state": State.VOID, "finished_at": timezone.now(), "trouble": "a later one takes its place"}
        mine = Change.objects.filter(pk=wanted.pk, token=wanted.token, state=State.CLAIMED)
        changed = mine.update(lease_until=None, **values)
        if changed and isinstance(outcome, Sent):
            note(wanted, outcome)
    log.info("post changed", extra={"change": wanted.pk, "outcome": type(outcome).__name__.lower()})
    return bool(changed)


def note(wanted: Change, outcome: Sent) -> None:
    """Let the post say what a change made of it."""
    changed = Post.objects.filter(pk=wanted.post_id, state=Post.State.SENT).update(**_of_post(wanted, outcome))
    if changed and wanted.act == Act.DELETE:
        dropping.what_follows([wanted.post_id], None)


def due() -> list[int]:
    """Changes that wait for a worker. Marks them as rung."""
    with connection.cursor() as cursor:
        cursor.execute(_text("due_changes"))
        return [int(row[0]) for row in cursor.fetchall()]


def failed() -> QuerySet[Change]:
    """Those that someone has to do by hand, or let be; of each post the latest of a kind, the latest first."""
    wanted = Change.objects.exclude(state=State.VOID).order_by("post_id", "act", "-pk").distinct("post_id", "act")
    lost = Change.objects.filter(pk__in=wanted.values("pk"), state__in=[State.REFUSED, State.UNKNOWN])
    return lost.filter(post__state=Post.State.SENT).select_related("post__channel").order_by("-pk")


def expire_claims() -> int:
    """Changes whose worker died: asked for again. How many."""
    with transaction.atomic():
        lost = Change.objects.select_for_update(skip_locked=True).filter(
            state=State.CLAIMED, lease_until__lt=timezone.now()
        )
        return sum(settle(one, Unknown(reason="its worker died")) for one in list(lost))


def void() -> int:
    """Changes of posts that turned out not to be out: there is nothing to do, and what waits to go out stays in. How many."""
    undecided = (Post.State.SENT, Post.State.CLAIMED, Post.State.UNKNOWN)
    with transaction.atomic():
        moot = Change.objects.select_for_update(skip_locked=True).filter(state=State.WAITING)
        found = list(moot.exclude(post__state__in=undecided).values_list("pk", "post_id", "act"))
        unwanted = [post for _, post, act in found if act == Act.DELETE]
        unsent = Post.objects.filter(pk__in=unwanted, state__in=Post.UNSENT)
        unsent.update(state=Post.State.DROPPED, trouble="taken back before it went out")
        dropping.what_follows(unwanted, None)
        gone = Change.objects.filter(pk__in=[number for number, _, _ in found])
        gone.update(state=State.VOID, finished_at=timezone.now(), trouble="the post is not out")
    return len(found)


def _claim(change_id: int) -> Change | None:
    with transaction.atomic():
        Post.objects.select_for_update().filter(changes=change_id).first()
        with connection.cursor() as cursor:
            cursor.execute(_text("claim_change"), {"change": change_id})
            if cursor.fetchone() is None:
                return None
        return Change.objects.select_related("post__channel").get(pk=change_id)


def _attempt(wanted: Change) -> Outcome:
    post = wanted.post
    if not post.remote_id:
        return Refused(reason=NOWHERE)
    network, account = networks.of(post.channel.network), channels.ready(post.channel)
    if isinstance(account, Deferred | Refused):
        return account
    if wanted.act == Act.DELETE:
        answer = network.delete(post.remote_id, account)
        return Refused(reason=UNSUPPORTED) if isinstance(answer, Unsupported) else answer
    said = freezing.draft(post.attempts.order_by("-number")[0])
    draft = replace(said, text=wanted.text, content_warning=wanted.content_warning)
    if problems := network.check(draft, account):
        return Refused(reason="; ".join(problems))
    answer = network.edit(post.remote_id, draft, account)
    return Refused(reason=UNSUPPORTED) if isinstance(answer, Unsupported) else answer


def _waits_for_keys(wanted: Change, outcome: Outcome) -> Outcome:
    """Where the credentials were refused, nothing was done: its channel is not rung any more, the change waits with it."""
    if not isinstance(outcome, Refused) or not channels.is_locked_out(outcome):
        return outcome
    channels.lock_out(wanted.post.channel, outcome.reason)
    words = f"waits until the channel is reconnected: {outcome.reason}"
    return Deferred(until=wanted.due_at, reason=words[:500])


def _values(wanted: Change, outcome: Outcome) -> dict[str, object]:
    now = timezone.now()
    match outcome:
        case Sent(evidence=evidence):
            return {"state": State.DONE, "finished_at": now, "trouble": "", "evidence": evidence}
        case Refused(reason=reason, code=code):
            return {"state": State.REFUSED, "finished_at": now, "trouble": f"{reason} {code}".strip()[:500]}
        case Deferred(until=until, reason=reason):
            moment = until or _later(wanted)
            if moment is None or moment > wanted.asked_at + PATIENCE:
                words = f"the network said later for a day: {reason}"
                return {"state": State.REFUSED, "finished_at": now, "trouble": words[:500]}
            return {"state": State.WAITING, "due_at": moment, "trouble": reason[:500]}
        case Unknown(reason=reason, evidence=evidence):
            doubts = int(wanted.evidence.get("doubts", 0)) + 1
            kept = {"trouble": reason[:500], "evidence": {**evidence, "doubts": doubts}}
            moment = _later(wanted)
            if moment is None or doubts >= MOST_DOUBTS:
                return {"state": State.UNKNOWN, "finished_at": now, **kept}
            return {"state": State.WAITING, "due_at": moment, **kept}


def _later(wanted: Change) -> datetime | None:
    until = wanted.asked_at + PATIENCE
    return retrying.next_attempt(wanted.attempts_made, timezone.now(), until=until, schedule=PAUSES)


def _of_post(wanted: Change, outcome: Sent) -> dict[str, object]:
    if wanted.act == Act.DELETE:
        return {"state": Post.State.GONE}
    said = {"text": wanted.text, "content_warning": wanted.content_warning, "edited": True, "version": F("version") + 1}
    named = {"remote_id": outcome.remote_id[:300], "remote_url": outcome.url[:1000]}
    return {**said, **{name: value for name, value in named.items() if value}}


@functools.cache
def _text(name: str) -> str:
    text = (SQL / f"{name}.sql").read_text(encoding="utf-8")
    return text.replace("{not_stopped}", stopping.condition(Stop.Scope.CHANNEL, "c.id"))
