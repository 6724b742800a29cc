"""Mail: freeze an audience, send a chunk, send a letter to one reader."""

from dispatch import queue
from dispatch.delivery import approving, letters, sending, trials


@queue.task("email.enlist")
def enlist(edition_id: int) -> None:
    """Freeze the audience of a rendered edition; rung twice, once."""
    approving.enlist(edition_id)


@queue.task("email.send_chunk")
def send_chunk(send_id: int, number: int) -> None:
    """Send what is left of a chunk."""
    sending.send_chunk(send_id, number)


@queue.task("email.send_letter")
def send_letter(letter_id: int) -> None:
    """Send a letter that is no edition; rung twice, once."""
    letters.send(letter_id)


@queue.task("email.send_trial")
def send_trial(trial_id: int) -> None:
    """Send a test letter; rung twice, once."""
    trials.send(trial_id)
