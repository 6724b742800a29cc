"""Posts: publish one, look for one, change one, look ahead at one; channels: prove that one lives."""

from dispatch import queue
from dispatch.social import abreast, changing, feedback, probing, resolving


@queue.task("social.publish_post")
def publish_post(post_id: int) -> None:
    """Publish a due post and, for a while, others that are due; rung twice, once."""
    abreast.publish_due(post_id)


@queue.task("social.resolve_post")
def resolve_post(post_id: int) -> None:
    """Look whether an unknown post is out."""
    resolving.resolve(post_id)


@queue.task("social.change_post")
def change_post(change_id: int) -> None:
    """Edit or delete a post that is out; rung twice, once."""
    changing.change(change_id)


@queue.task("social.probe_channel")
def probe_channel(channel_id: int) -> None:
    """Ask a channel's network whether it can post."""
    probing.probe(channel_id)


@queue.task("social.check_post")
def check_post(post_id: int) -> None:
    """Look whether a post can go out when its moment comes."""
    probing.check(post_id)


@queue.task("social.count_post")
def count_post(post_id: int) -> None:
    """Ask a network how a post is taken, in public numbers."""
    feedback.count(post_id)
