"""What an operator does with a connected channel: its rules, its switch, and its removal."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from dispatch import saying
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.social import preferences, slots, timing
from dispatch.social.models import Change, Channel, Post

LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")  # as articles say it (RFC 5646), in small letters
LONGEST = 60
BY_HAND = "its channel was removed: do it there by hand"
BUSY = (*Post.WAITING, Post.State.CLAIMED, Post.State.UNKNOWN)


@dataclass(frozen=True)
class Rules:
    """What a channel takes and when it posts, as a person writes it."""

    name: str
    languages: str  # "en be"; empty: all
    topics: str  # "culture, courts"; empty: all
    slots: str
    quiet: str
    zone: str
    on: frozenset[str] = frozenset()  # of its preferences those that are on …
    texts: Mapping[str, str] = field(default_factory=dict)  # … and the others, by key


def set_rules(channel: Channel, wanted: Rules, by: User) -> list[str]:
    """What was changed, in words; empty: nothing was. Raises slots.Unclear: nothing was changed."""
    fresh: dict[str, object] = {
        "name": wanted.name.strip(),
        "languages": languages(wanted.languages),
        "topics": topics(wanted.topics),
        "settings": preferences.read(channel, wanted.on, wanted.texts),
    }
    if not fresh["name"] or len(wanted.name) > 120:
        raise slots.Unclear("a channel has a name, of 120 characters at most")
    with transaction.atomic():
        before = timing.described(channel)
        timing.set_times(channel, slots=wanted.slots, quiet=wanted.quiet, zone=wanted.zone.strip())
        changed = [name for name, value in fresh.items() if getattr(channel, name) != value]
        for name in changed:
            setattr(channel, name, fresh[name])
        channel.save(update_fields=[*fresh])
        channel = Channel.objects.get(pk=channel.pk)
        changed += ["times"] if timing.described(channel) != before else []
        if changed:
            audit.record(by, "channel.settings", f"channel:{channel.slug}", f"changed: {', '.join(changed)}")
    return changed


def switch(channel: Channel, *, on: bool, by: User, reason: str) -> bool:
    """Off: nothing is planned for it or posted to it; what waits, waits. False: it was so already."""
    with transaction.atomic():
        changed = Channel.objects.filter(pk=channel.pk, active=not on, removed_at=None).update(active=on)
        if changed:
            audit.record(by, f"channel.{'on' if on else 'off'}", f"channel:{channel.slug}", reason)
    return bool(changed)


def in_the_way(channel: Channel) -> str:
    """Why it cannot be removed now; empty: it can."""
    waiting = Post.objects.filter(channel=channel, state__in=BUSY).count()
    if waiting:
        return f"first settle what waits there or is in doubt: {saying.many(waiting, 'post')}"
    held = [Change.State.CLAIMED] if channel.refused_at else [Change.State.WAITING, Change.State.CLAIMED]
    changes = Change.objects.filter(post__channel=channel, state__in=held).count()
    return f"first settle what is to be edited or deleted there: {saying.many(changes, 'post')}" if changes else ""


def remove(channel: Channel, by: User, reason: str) -> str:
    """Its credentials are destroyed, drafts for it dropped; what was posted stays known. What could not be edited or deleted
    there, because its credentials were refused, is for a person's hand. Why not, in words; empty: done."""
    with transaction.atomic():
        fresh = Channel.objects.select_for_update().get(pk=channel.pk)
        if problem := in_the_way(fresh):
            return problem
        Post.objects.filter(channel=fresh, state__in=Post.UNSENT).update(state=Post.State.DROPPED)
        Change.objects.filter(post__channel=fresh, state=Change.State.WAITING).update(
            state=Change.State.REFUSED, finished_at=timezone.now(), trouble=BY_HAND
        )
        audit.record(by, "channel.remove", f"channel:{fresh.slug}", reason)
        if not fresh.posts.exists():
            fresh.delete()
            return ""
        gone = {"credentials": b"", "active": False, "trouble": "", "refused_at": None, "expires_at": None}
        Channel.objects.filter(pk=fresh.pk).update(removed_at=timezone.now(), slug=f"removed-{fresh.pk}", **gone)
    return ""


def may_leave(channel: Channel) -> int:
    """Posts whose network is being told of them this moment: a STOP comes too late for as many."""
    return Post.objects.filter(channel=channel, state=Post.State.CLAIMED).count()


def languages(text: str) -> list[str]:
    """Raises slots.Unclear."""
    found = re.split(r"[\s,;]+", text.strip().lower()) if text.strip() else []
    wrong = next((one for one in found if not LANGUAGE.fullmatch(one)), None)
    if wrong:
        raise slots.Unclear(f"“{wrong}” is no language; write them like en be ru")
    return list(dict.fromkeys(found))


def topics(text: str) -> list[str]:
    """Raises slots.Unclear."""
    found = [one.strip() for one in text.split(",") if one.strip()]
    if any(len(one) > LONGEST for one in found):
        raise slots.Unclear(f"a topic has {LONGEST} characters at most; put commas between topics")
    return list(dict.fromkeys(found))
