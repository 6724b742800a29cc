"""What became of a send's readers: at the receiver, and in the ledger's words."""

from collections import Counter
from dataclasses import dataclass

from django.db import connection
from django.db.models import F, Sum

from dispatch.delivery import personalizing
from dispatch.delivery.models import Ambiguity


@dataclass(frozen=True)
class Counted:
    mails: dict[int, int]  # by reader
    fates: dict[int, str]  # likewise; nothing: not of this audience
    ambiguous: int  # times that a reader may have got theirs and nobody could know
    stretches: int  # of neighbours among them

    @property
    def doubled(self):
        return sum(times - 1 for times in self.mails.values() if times > 1)

    @property
    def unknown(self):
        return sum(fate == "unknown" for fate in self.fates.values())

    @property
    def missing(self):
        """Those who got nothing and are not said to be unknown."""
        return {reader for reader, times in self.mails.items() if not times and self.fates[reader] != "unknown"}


def count(send, readers, arrived):
    """`arrived` is the receiver's file of Message-IDs."""
    times = Counter(arrived.read_text().split())
    doubts = Ambiguity.objects.filter(send=send)
    return Counted(
        {reader: times[personalizing.message_id(send, reader)] for reader in readers},
        dict.fromkeys(readers, "") | fates(send),
        doubts.aggregate(readers=Sum(F("last") - F("first") + 1))["readers"] or 0,
        doubts.count(),
    )


def fates(send):
    with connection.cursor() as cursor:
        cursor.execute("SELECT subscriber_id, fate FROM delivery_fate WHERE send_id = %s", [send])
        return dict(cursor.fetchall())
