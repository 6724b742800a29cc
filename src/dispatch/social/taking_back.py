"""Every post of a story is to go: what waits stays in, what is out is deleted where that can be, and nothing comes again."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from dispatch.accounts.models import User
from dispatch.social import acts, changing, recurring
from dispatch.social.models import Change, Post, Recurrence
from dispatch.social.networks.base import Unsupported


@dataclass(frozen=True)
class TakenBack:
    """What became of a story's posts when all were to go. `by_hand` are out where Dispatch cannot delete."""

    dropped: int  # they had not gone out
    deleting: int
    doubtful: int  # may be out; deleted when that is known
    by_hand: tuple[Post, ...]


def all_of(story_id: int, by: User | None, reason: str) -> TakenBack:
    """Every post of a story, in each language and channel."""
    numbers = Post.objects.filter(story=story_id).order_by("-place", "pk").values_list("pk", flat=True)
    done: list[tuple[str, Post]] = [_one(number, by, reason) for number in numbers]
    for rule in Recurrence.objects.filter(post__story=story_id, state=Recurrence.State.GOING):
        recurring.stop(rule.pk, by, reason)
    count = [what for what, _ in done].count
    by_hand = tuple(post for what, post in done if what == "by hand")
    return TakenBack(count("dropped"), count("deleting"), count("doubtful"), by_hand)


@transaction.atomic
def leave_to_hand(post: Post) -> None:
    """Keep that someone has to delete it there, until they say that they did (`acts.settle_change`). Where nobody knows yet
    whether it is out, that is asked first: if it is not, it stays in."""
    state = Post.objects.select_for_update().values_list("state", flat=True).get(pk=post.pk)
    latest = post.changes.filter(act=Change.Act.DELETE).order_by("-pk").first()
    if latest is not None and latest.state != Change.State.VOID:
        return
    now = timezone.now()
    fate: dict[str, object] = {"state": Change.State.WAITING}
    if state == Post.State.SENT:
        fate = {"state": Change.State.REFUSED, "trouble": changing.UNSUPPORTED, "finished_at": now}
    Change.objects.create(post=post, act=Change.Act.DELETE, due_at=now, **fate)


@transaction.atomic
def _one(post_id: int, by: User | None, reason: str) -> tuple[str, Post]:
    """Its row is held, so that what it is does not change between two looks."""
    post = Post.objects.select_for_update(of=("self",)).select_related("channel").get(pk=post_id)
    if acts.drop(post_id, by, reason, states=Post.UNSENT):
        return "dropped", post
    wanted = acts.take_back(post_id, by, reason)
    if isinstance(wanted, Unsupported):
        leave_to_hand(post)
        return "by hand", post
    if wanted is None:
        return "", post
    return ("deleting" if post.state == Post.State.SENT else "doubtful"), post
