"""What is late is listed, never fired in a burst: after an outage or a STOP a person decides what still goes, and when."""

from django.db.models import QuerySet

from dispatch.social import statements
from dispatch.social.models import Post


def put_by(post_id: int | None = None) -> int:
    """Posts whose moment passed by more than their kind may wait for a person from now on; one that comes round again is
    skipped. How many. Where a post is named, only that."""
    return len(statements.rows("late", post=post_id, **statements.patience()))


def late() -> QuerySet[Post]:
    """Those that wait for a person because they are late, the longest first."""
    return Post.objects.filter(state=Post.State.LATE).order_by("due_at", "pk")
