"""What the clock repeats for posts."""

from dispatch import clock, queue
from dispatch.social import publishing, resolving


@clock.tick("ring due posts", every=1)
def ring_posts() -> None:
    """Posts whose moment has come."""
    for number in publishing.due_posts():
        queue.enqueue("social.publish_post", number)


@clock.tick("expire dead posts", every=5)
def expire() -> None:
    """Posts whose worker died."""
    publishing.expire_claims()


@clock.tick("look for unknown posts", every=5)
def look() -> None:
    """Posts that may be out."""
    for number in resolving.due():
        queue.enqueue("social.resolve_post", number)
