"""Pulling a STOP and lifting it, with what each comes to in words; for pages, the API and the command line."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from dispatch import saying
from dispatch.accounts import stopping
from dispatch.accounts.models import Stop, User
from dispatch.audience.models import Newsletter
from dispatch.delivery import ledger, stale
from dispatch.delivery.models import Send
from dispatch.desk import shell
from dispatch.editions import lateness as late_mail
from dispatch.editions.models import Edition
from dispatch.social import lateness
from dispatch.social.models import Channel, Post

Scope = Stop.Scope


@dataclass(frozen=True)
class Halted:
    """A STOP in force, and the most that may still leave: what was on the wire when it was pulled."""

    stop: Stop
    messages: int
    posts: int

    @property
    def words(self) -> str:
        """ "STOP. No mail and no post leaves. At most 500 messages and 1 post may still leave." """
        return f"STOP. {shell.words(self.stop)} {self._still()}"

    def _still(self) -> str:
        counted = ((self.messages, "message"), (self.posts, "post"))
        found = [saying.many(count, noun) for count, noun in counted if count]
        return f"At most {' and '.join(found)} may still leave." if found else "Nothing is on the wire."


def halt(scope: str, target: int | None, by: User | None, reason: str) -> Halted:
    """Nothing of this scope is begun from now on: each claim, window of mail and last look before a post asks for it."""
    pulled = stopping.stop(scope, target, by, reason)
    messages = 0 if scope == Scope.CHANNEL else ledger.may_leave(None, target)
    posts = 0 if scope == Scope.NEWSLETTER else _being_posted(target)
    return Halted(pulled, messages, posts)


def lift(stop: Stop, by: User | None, reason: str) -> str:
    """Let what it held go on, but for what is late by now. What came of it, in words."""
    with transaction.atomic():
        lateness.put_by()
        late_mail.put_by()
        stale.hold()
        stopping.lift(stop.pk, by, reason)
    late = lateness.late()
    editions = Edition.objects.filter(state=Edition.State.LATE)
    sends = Send.objects.filter(state=Send.State.PAUSED, is_held=True)
    counted = ((late.count(), "post"), (editions.count(), "edition"), (sends.count(), "send"))
    found = [saying.many(count, noun) for count, noun in counted if count]
    rest = f" Late, and waiting for somebody: {', '.join(found)}." if found else ""
    return f"Lifted. What it held goes on.{rest}"


def named(scope: str, slug: str) -> int | None:
    """The number of a newsletter or channel. Raises LookupError, in words."""
    if scope == Scope.EVERYTHING:
        return None
    rows = Newsletter.objects if scope == Scope.NEWSLETTER else Channel.objects
    found = rows.filter(slug=slug).values_list("pk", flat=True).first()
    if found is None:
        known = ", ".join(sorted(rows.values_list("slug", flat=True)))
        raise LookupError(f"there is no {scope} “{slug}”; there are: {known or 'none'}")
    return int(found)


def _being_posted(channel: int | None) -> int:
    claimed = Post.objects.filter(state=Post.State.CLAIMED, lease_until__gt=timezone.now())
    return (claimed.filter(channel=channel) if channel else claimed).count()
