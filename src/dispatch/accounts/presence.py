"""Who has a page open, told to the others who have it open; whoever is silent for a while is forgotten.

A page is named by a subject ("story:12") and says every HEARTBEAT that it is still open.
"""

from datetime import timedelta

from django.utils import timezone

from dispatch.accounts.models import Presence, User

HEARTBEAT = timedelta(seconds=10)
SILENCE = timedelta(seconds=30)
"""Three heartbeats: one may get lost, and a closed laptop holds nobody up."""


def here(subject: str, who: User) -> list[User]:
    """Say that someone has it open. The others who have it open, by name."""
    row = Presence(subject=subject, who=who, seen_at=timezone.now())
    Presence.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["subject", "who"], update_fields=["seen_at"]
    )
    return others(subject, who)


def others(subject: str, who: User) -> list[User]:
    """Who else has it open."""
    seen = Presence.objects.filter(subject=subject, seen_at__gt=timezone.now() - SILENCE).exclude(who=who)
    return [one.who for one in seen.select_related("who").order_by("who__name", "who_id")]


def leave(subject: str, who: User) -> None:
    """Say that someone closed it."""
    Presence.objects.filter(subject=subject, who=who).delete()


def forget_old() -> None:
    """Delete the rows of those who fell silent: nobody can be asked later who looked at what."""
    Presence.objects.filter(seen_at__lte=timezone.now() - SILENCE).delete()
