"""A week after a send's end nobody can be told from anybody any more. Who had which exception goes with its partition; who
stood in which chunk is struck out, some chunks at a time. The totals and each chunk's size stay.

The week begins when a send is finished or cancelled: one that is paused, or does not add up, is not over.
"""

from datetime import timedelta

from django.db import OperationalError, transaction

from dispatch.delivery import partitions, progress, statements
from dispatch.delivery.models import Mended, Send
from dispatch.editions import thinning

KEPT = timedelta(days=7)
AT_ONCE = 500
"""Chunks that are emptied in one transaction (sql/strike.sql)."""


def begin() -> int:
    """Drop who had which exception, and note the totals. One send at a time, since what is dropped locks everyone's
    exceptions until the commit: how many, 0 or 1."""
    ended = Send.objects.filter(emptied_at=None, finished_at__lt=statements.now() - KEPT, totals={})
    ended = ended.filter(state__in=[Send.State.FINISHED, Send.State.CANCELLED])
    try:
        with transaction.atomic():
            old = ended.select_for_update(skip_locked=True).order_by("pk").first()
            if old is None:
                Mended.objects.exclude(send__totals={}).delete()  # of sends that an older program forgot
                return 0
            old.totals = {"exceptions": progress.of_send(old.pk).exceptions}
            old.save(update_fields=["totals"])
            thinning.thin(old.edition)
            Mended.objects.filter(send=old.pk).delete()  # before the lock that dropping takes
            partitions.drop(old.pk)
    except OperationalError:  # someone is reading; they go first
        return 0
    return 1


def go_on() -> int:
    """Strike readers out of the next chunks of those sends; of how many chunks. 0: nothing is left to forget."""
    return int(statements.row("strike", size=AT_ONCE)[0])
