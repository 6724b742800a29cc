"""What people do to a post, each with a reason that the audit log keeps."""

from django.db import transaction
from django.utils import timezone

from dispatch import queue
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.social import publishing
from dispatch.social.models import Post

State = Post.State


def retry(post_id: int, by: User | None, reason: str) -> bool:
    """Try a refused, deferred or late one again, now. Never an unknown one: that is for `settle`. False: none of these."""
    with transaction.atomic():
        again = Post.objects.filter(pk=post_id, state__in=[State.REFUSED, State.DEFERRED, State.DRAFT])
        changed = again.update(state=State.SCHEDULED, due_at=timezone.now(), attempts_made=0, rung_at=None, trouble="")
        if changed:
            audit.record(by, "post.retry", f"post:{post_id}", reason)
    if changed:
        queue.enqueue("social.publish_post", post_id)
    return bool(changed)


def drop(post_id: int, by: User | None, reason: str) -> bool:
    """Decide against it. False: it is out, or gone already."""
    open_states = [State.DRAFT, State.SCHEDULED, State.DEFERRED, State.REFUSED, State.UNKNOWN]
    with transaction.atomic():
        changed = Post.objects.filter(pk=post_id, state__in=open_states).update(state=State.DROPPED)
        if changed:
            audit.record(by, "post.drop", f"post:{post_id}", reason)
    return bool(changed)


def settle(post_id: int, by: User | None, reason: str, *, went_out: bool, remote_id: str = "") -> bool:
    """An editor looked at an unknown post. It did go out: sent. It did not: published again, as asked. False: not unknown.

    `remote_id` is what the network calls it, where that is known: nothing can reply to, edit or delete it otherwise."""
    now = timezone.now()
    values = (
        {"state": State.SENT, "sent_at": now, "trouble": "", "remote_id": remote_id[:300]}
        if went_out
        else {
            "state": State.SCHEDULED,
            "due_at": now,
            "attempts_made": 0,
            "rung_at": None,
            "trouble": "",
        }
    )
    with transaction.atomic():
        changed = Post.objects.filter(pk=post_id, state=State.UNKNOWN).update(**values)
        if changed:
            audit.record(by, "post.went_out" if went_out else "post.did_not_go_out", f"post:{post_id}", reason)
        if changed and went_out:
            publishing.ring_next(post_id)
    if changed and not went_out:
        queue.enqueue("social.publish_post", post_id)
    return bool(changed)
