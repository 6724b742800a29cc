"""What people do to a post, each with a reason that the audit log keeps."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from dispatch import queue
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.outcomes import Sent
from dispatch.social import changing, channels, dropping, networks, publishing
from dispatch.social.models import Change, Post
from dispatch.social.networks import naming
from dispatch.social.networks.base import Limits, Unsupported

State = Post.State
MAYBE_OUT = (State.SENT, State.CLAIMED, State.UNKNOWN)


def retry(post_id: int, by: User | None, reason: str) -> bool:
    """Try a refused, deferred or late one again, now. Never an unknown one: that is for `settle`. False: none of these."""
    with transaction.atomic():
        again = Post.objects.filter(pk=post_id, state__in=[State.REFUSED, State.DEFERRED, State.DRAFT, State.LATE])
        changed = again.update(**_now())
        if changed:
            audit.record(by, "post.retry", f"post:{post_id}", reason)
    if changed:
        queue.enqueue("social.publish_post", post_id)
    return bool(changed)


def drop(
    post_id: int, by: User | None, reason: str, *, states: Sequence[State] = (*Post.UNSENT, State.UNKNOWN)
) -> bool:
    """Decide against it, where it is in one of `states`, and against what follows it. False: it is out, or gone already."""
    with transaction.atomic():
        changed = Post.objects.filter(pk=post_id, state__in=states).update(state=State.DROPPED)
        if changed:
            audit.record(by, "post.drop", f"post:{post_id}", reason)
            dropping.what_follows([post_id], by)
    return bool(changed)


def settle(post_id: int, by: User | None, reason: str, *, went_out: bool, address: str = "") -> bool:
    """An editor looked at an unknown post. It did go out: sent. It did not: published again, as asked. False: not unknown.

    `address` is where people see it: without it nothing can reply to it, edit or delete it."""
    now, post = timezone.now(), Post.objects.select_related("channel").filter(pk=post_id).first()
    if post is None:
        return False
    remote = {"remote_id": naming.name(post.channel.network, address), "remote_url": address[:1000]}
    values = {"state": State.SENT, "sent_at": now, "trouble": "", **remote} if went_out else _now()
    with transaction.atomic():
        changed = Post.objects.filter(pk=post_id, state=State.UNKNOWN).update(**values)
        if changed:
            audit.record(by, "post.went_out" if went_out else "post.did_not_go_out", f"post:{post_id}", reason)
        if changed and went_out:
            publishing.ring_next(post_id)
    if changed and not went_out:
        queue.enqueue("social.publish_post", post_id)
    return bool(changed)


def edit(
    post_id: int, by: User | None, reason: str, *, text: str, content_warning: str = ""
) -> Change | Unsupported | None:
    """Say something else where it is out; a worker does it, and the Change tells what became of it. None: it is not out.

    An edit that still waits is replaced by a later one."""
    post = Post.objects.select_related("channel").filter(pk=post_id, state=State.SENT).first()
    if post is None:
        return None
    if not _limits(post).edits:
        return Unsupported()
    return _want(post, Change.Act.EDIT, by, reason, text=text, content_warning=content_warning)


def take_back(post_id: int, by: User | None, reason: str) -> Change | Unsupported | None:
    """Delete it where it is out, or, where nobody knows whether it is, as soon as that is known. None: it never went out,
    or is gone already; what waits to go out is for `drop`."""
    post = Post.objects.select_related("channel").filter(pk=post_id, state__in=MAYBE_OUT).first()
    if post is None:
        return None
    if not _limits(post).deletes:
        return Unsupported()
    Change.objects.filter(post=post, act=Change.Act.EDIT, state=Change.State.WAITING).update(
        state=Change.State.VOID, finished_at=timezone.now(), trouble="the post is to be deleted"
    )
    return _want(post, Change.Act.DELETE, by, reason)


def settle_change(change_id: int, by: User | None, reason: str, *, done: bool) -> bool:
    """Someone did by hand what the network refused or never answered, or decided to let it be. False: it is not failed."""
    with transaction.atomic():
        failed = Change.objects.select_for_update().filter(
            pk=change_id, state__in=[Change.State.REFUSED, Change.State.UNKNOWN]
        )
        change = failed.first()
        if change is not None:
            failed.update(state=Change.State.DONE if done else Change.State.VOID, finished_at=timezone.now())
            audit.record(by, f"post.{change.act}_{'by_hand' if done else 'let_be'}", f"post:{change.post_id}", reason)
            if done:
                changing.note(change, Sent())
    return change is not None


def _now() -> dict[str, Any]:
    """As one that is planned for now, by hand, and was never tried."""
    now = timezone.now()
    fresh = {"attempts_made": 0, "rung_at": None, "trouble": "", "asked_at": now}
    return {"state": State.SCHEDULED, "due_at": now, "placed": True, **fresh}


def _want(post: Post, act: Change.Act, by: User | None, reason: str, **said: str) -> Change:
    with transaction.atomic():
        Post.objects.select_for_update().get(pk=post.pk)
        change, _ = Change.objects.update_or_create(
            post=post, act=act, state=Change.State.WAITING, defaults={"due_at": timezone.now(), **said}
        )
        audit.record(by, f"post.{act}", f"post:{post.pk}", reason)
        queue.enqueue("social.change_post", change.pk)
    return change


def _limits(post: Post) -> Limits:
    return networks.of(post.channel.network).limits(channels.unopened(post.channel))
