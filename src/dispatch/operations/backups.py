"""Whether tonight's backup is still to be made. It is made by local/nightly.py, in a worker for upkeep."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from dispatch.accounts.models import AuditEntry


def is_due() -> bool:
    """A folder is named, its hour has come, and none was made since then."""
    return bool(settings.BACKUP_NIGHTLY) and not AuditEntry.objects.filter(act="backup.make", at__gte=since()).exists()


def since() -> datetime:
    """The last time that the hour came, on the newsroom's clock."""
    now = timezone.localtime()
    hour = now.replace(hour=settings.BACKUP_HOUR, minute=0, second=0, microsecond=0)
    return hour if hour <= now else hour - timedelta(days=1)
