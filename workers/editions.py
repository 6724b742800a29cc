"""Editions: one doorbell."""

from dispatch import queue
from dispatch.editions import rendering


@queue.task("editions.render_edition")
def render_edition(edition_id: int) -> None:
    """Render a due edition; rung twice, it is rendered once."""
    rendering.render(edition_id)
