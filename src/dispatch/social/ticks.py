"""What the clock repeats for posts."""

from dispatch import clock, queue
from dispatch.social import changing, feedback, lateness, media, probing, publishing, recurring, resolving


@clock.tick("ring due posts", every=0.2)
def ring_posts() -> None:
    """Posts whose moment has come."""
    for number in publishing.due_posts():
        queue.enqueue("social.publish_post", number)


@clock.tick("put by late posts", every=2)
def put_by() -> None:
    """Posts whose moment passed long ago wait for a person."""
    lateness.put_by()


@clock.tick("plan turns of posts that come again", every=10)
def plan_turns() -> None:
    """Those whose turn before is settled."""
    recurring.plan_turns()


@clock.tick("expire dead posts", every=5)
def expire() -> None:
    """Posts whose worker died, and changes of posts."""
    publishing.expire_claims()
    changing.expire_claims()
    changing.void()


@clock.tick("ring changes of posts", every=2)
def ring_changes() -> None:
    """Edits and deletions that are due."""
    for number in changing.due():
        queue.enqueue("social.change_post", number)


@clock.tick("look for unknown posts", every=5)
def look() -> None:
    """Posts that may be out."""
    for number in resolving.due():
        queue.enqueue("social.resolve_post", number)


@clock.tick("ask channels whether they live", every=60)
def probe_channels() -> None:
    """Those that were not asked since last night, or an hour after trouble."""
    for number in probing.due_channels():
        queue.enqueue("social.probe_channel", number)


@clock.tick("look ahead at posts", every=15)
def look_ahead() -> None:
    """Posts whose moment is near."""
    for number in probing.posts_ahead():
        queue.enqueue("social.check_post", number)


@clock.tick("forget posts' pictures", every=3600)
def forget_pictures() -> None:
    """Those that no post shows."""
    media.forget()


@clock.tick("ask how posts are taken", every=120)
def ring_counts() -> None:
    """A few times in a post's first week."""
    for number in feedback.due():
        queue.enqueue("social.count_post", number)
