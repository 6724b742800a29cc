"""Whether tonight's backup is still to be made, and whether it is time to say that there never was one. It is made by
local/nightly.py, in a worker for upkeep."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from dispatch import env
from dispatch.accounts.models import AuditEntry
from dispatch.audience.models import Subscriber

MADE, THOUGHT_OF = timedelta(days=2), timedelta(days=5)
"""Where backups are set up, after so long one should be there; where they are not, the first readers are so old by then."""


def is_due() -> bool:
    """A folder is named, its hour has come, and none was made since then."""
    return bool(settings.BACKUP_NIGHTLY) and not AuditEntry.objects.filter(act="backup.make", at__gte=since()).exists()


def since() -> datetime:
    """The last time that the hour came, on the newsroom's clock."""
    now = timezone.localtime()
    hour = now.replace(hour=settings.BACKUP_HOUR, minute=0, second=0, microsecond=0)
    return hour if hour <= now else hour - timedelta(days=1)


def never(now: datetime) -> str:
    """Why it is worth a word that none was ever made, in words; empty: it is not, or not yet. Never in a demo."""
    if settings.DEMO or AuditEntry.objects.filter(act="backup.make").exists():
        return ""
    if settings.BACKUP_NIGHTLY or env.words("DISPATCH_BACKUP_TO"):
        begun = AuditEntry.objects.order_by("pk").values_list("at", flat=True).first()
        late = (
            "Backups are set up, and none was ever made. The log says why: of the worker for upkeep, or of your timer."
        )
        return late if begun and now - begun > MADE else ""
    first = Subscriber.objects.order_by("pk").values_list("created_at", flat=True).first()
    unset = "There are readers, and no backup: they would be lost with the disk. See DISPATCH_BACKUP_NIGHTLY in operating.md."
    return unset if first and now - first > THOUGHT_OF else ""
