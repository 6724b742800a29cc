"""Posts: publish one, look for one."""

from dispatch import queue
from dispatch.social import publishing, resolving


@queue.task("social.publish_post")
def publish_post(post_id: int) -> None:
    """Publish a due post; rung twice, once."""
    publishing.publish(post_id)


@queue.task("social.resolve_post")
def resolve_post(post_id: int) -> None:
    """Look whether an unknown post is out."""
    resolving.resolve(post_id)
