"""What follows a post that will not go out, or is gone, would wait for it for ever: it stays in, too."""

from collections.abc import Iterable

from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.social.models import Post

WITH_IT = "the post before it was dropped or taken back"


def what_follows(posts: Iterable[int], by: User | None) -> list[int]:
    """Drop the unsent parts of the threads after these, each with its entry in the audit log. Which."""
    dropped: list[int] = []
    after = list(posts)
    while after:
        waiting = Post.objects.select_for_update().filter(follows__in=after, state__in=Post.UNSENT)
        after = list(waiting.order_by("pk").values_list("pk", flat=True))
        Post.objects.filter(pk__in=after).update(state=Post.State.DROPPED, trouble=WITH_IT)
        for number in after:
            audit.record(by, "post.drop", f"post:{number}", WITH_IT)
        dropped += after
    return dropped


def bring_back(post: Post) -> None:
    """The parts that were dropped with it are drafts again, as it is."""
    family = Post.objects.filter(channel=post.channel_id, story=post.story_id, turn=post.turn, place__gt=post.place)
    family.filter(state=Post.State.DROPPED, trouble=WITH_IT).update(state=Post.State.DRAFT, trouble="")
