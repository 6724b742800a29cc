"""Editions: render one; of one that is urgent freeze the audience, too."""

from dispatch import queue
from dispatch.delivery import approving
from dispatch.editions import rendering


@queue.task("editions.render_edition")
def render_edition(edition_id: int) -> None:
    """Render a due edition; rung twice, it is rendered once."""
    rendering.render(edition_id)


@queue.task("editions.enlist_edition")
def enlist_edition(edition_id: int) -> None:
    """As `email.enlist`, where no letters stand in line."""
    approving.enlist(edition_id)
