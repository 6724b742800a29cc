"""Doorbells for chunks: each carries the trail that its send began with, from a webhook to the last reply."""

from collections.abc import Iterable

from dispatch import logs, queue
from dispatch.delivery.models import Send


def ring(numbers: Iterable[tuple[int, int]]) -> None:
    """Let a worker hear of each (send, number)."""
    due = list(numbers)
    trails = _trails({send for send, _ in due}) if due else {}
    for send, number in due:
        with logs.following(trails.get(send, "")):
            queue.enqueue("email.send_chunk", send, number)


def _trails(sends: set[int]) -> dict[int, str]:
    return dict(Send.objects.filter(pk__in=sends).values_list("pk", "trail"))
