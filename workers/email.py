"""Mail: freeze an audience, send a chunk."""

from dispatch import queue
from dispatch.delivery import ledger, sending


@queue.task("email.enlist")
def enlist(edition_id: int) -> None:
    """Freeze the audience of a rendered edition; rung twice, once."""
    ledger.enlist(edition_id)


@queue.task("email.send_chunk")
def send_chunk(send_id: int, number: int) -> None:
    """Send what is left of a chunk."""
    sending.send_chunk(send_id, number)
